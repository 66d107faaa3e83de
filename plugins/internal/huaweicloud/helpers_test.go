package huaweicloud

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"mcp-server/sdk"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The secrets of all tests: none of them may appear in any error.
const (
	testAK            = "TESTACCESSKEYID01234"
	testSK            = "testSecretAccessKeyNeverShown"
	testSecurityToken = "testSecurityTokenNeverShown"
	testToken         = "testIAMTokenNeverShown"
	testPassword      = "testPasswordNeverShown"
	testSignature     = "testLinkSignatureNeverShown"
	testProject       = "5237e10fe9aa4ad5b16b6a5245248314"
)

type environment map[string]string

// withKey is the usual environment: an access key, a region, a project, and the service and IAM at one test server.
func withKey(service Service, server *httptest.Server) environment {
	return environment{
		envEndpoint + string(service): server.URL, envEndpoint + string(IAM): server.URL, envMetadata: "off",
		envAK: testAK, envSK: testSK, envRegion: "cn-north-4", envProject: testProject,
	}
}

func (e environment) get(name string) string { return e[name] }

func (e environment) with(pairs ...string) environment {
	for i := 0; i < len(pairs); i += 2 {
		e[pairs[i]] = pairs[i+1]
	}
	return e
}

func (e environment) without(names ...string) environment {
	for _, name := range names {
		delete(e, name)
	}
	return e
}

// client makes a client that does not really wait between attempts; the pauses it would have made are recorded.
func client(t *testing.T, service Service, e environment) (c *Client, pauses *[]time.Duration) {
	t.Helper()
	c = NewClient(service, e.get)
	pauses = new([]time.Duration)
	c.sleep = func(ctx context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return ctx.Err()
	}
	return c, pauses
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// write answers with a text. A client that has gone is the test's intention.
func write(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// problemOf returns the error as an [*sdk.Error] and fails the test if it is none, says nothing or holds a secret.
func problemOf(t *testing.T, err error) *sdk.Error {
	t.Helper()
	e, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		t.Fatalf("got %T %v, want an *sdk.Error", err, err)
	}
	text := e.Message
	if e.Cause != nil {
		text += "\n" + e.Cause.Error()
	}
	for _, secret := range []string{testAK, testSK, testSecurityToken, testToken, testPassword, testSignature} {
		if strings.Contains(text, secret) {
			t.Errorf("the error holds a secret: %s", text)
		}
	}
	if e.Code == "" || e.Source == "" || strings.TrimSpace(e.Message) == "" {
		t.Errorf("the error is incomplete: %+v", e)
	}
	return e
}

// mention checks that the message has all of the parts.
func mention(t *testing.T, e *sdk.Error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(e.Message, part) {
			t.Errorf("the message does not mention %q: %s", part, e.Message)
		}
	}
}

// golden compares a text with a file under testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := "testdata/" + file
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the golden file (run with -update to make it): %v", err)
	}
	if string(want) != got {
		t.Errorf("%s differs; run with -update if this is intended.\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func listJobs() Request {
	return Request{Operation: "ListJobs", Path: []string{"v5", ProjectSegment, "jobs"}}
}
