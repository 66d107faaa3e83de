package huaweicloud

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/provider"

	"mcp-server/sdk"
)

// profiles are credentials files that both readers must take in the same way.
var profiles = map[string]string{
	"plain":       "[basic]\nak = MockAk\nsk = MockSk\nproject_id = MockProjectId\nsecurity_token = MockSecurityToken\niam_endpoint = MockIamEndpoint    \n\n[global]\nak = other\nsk = other\n",
	"windows":     "[basic]\r\nak=A\r\nsk=B\r\n",
	"colon":       "[basic]\nak: A\nsk : B\n",
	"quotes":      "[basic]\nak = \"A1\"\nsk = 'B2'\nsecurity_token = `C\"3`\n",
	"comments":    "# first\n; second\n[basic] ; third\nak = A ; note\nsk = B#note\n",
	"mark":        "\ufeff[basic]\nak = A\nsk = B==\n",
	"order":       "[global]\nak = X\nsk = Y\n[basic]\nak = A\nsk = B\nak = A2\n",
	"top":         "ak = X\nsk = Y\n[basic]\nak = A\nsk = B\n",
	"spaces":      "  [basic]  \n  ak   =   A   \n\tsk\t=\tB\n",
	"equals":      "[basic]\nak = A\nsk = a=b:c=\n",
	"twice":       "[basic]\nak = A\n[global]\nak = Z\n[basic]\nsk = B\n",
	"empty value": "[basic]\nak = A\nsk = B\nproject_id =\n",
}

// TestSameAsOfficialProfileProvider compares with the official SDK's reader, which takes its file from the environment of the process.
func TestSameAsOfficialProfileProvider(t *testing.T) {
	for name, text := range profiles {
		file := filepath.Join(t.TempDir(), "credentials")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(envProfile, file)
		official, err := provider.BasicCredentialProfileProvider().GetCredentials()
		if err != nil {
			t.Fatalf("%s: the official reader refuses it: %v", name, err)
		}
		want, ok := official.(*basic.Credentials)
		if !ok {
			t.Fatalf("%s: %T", name, official)
		}
		c, _ := client(t, DRS, environment{envProfile: file})
		got, err := c.profile(t.Context(), place{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.ak != want.AK || got.sk != want.SK || got.securityToken != want.SecurityToken || got.project != want.ProjectId || got.iamEndpoint != want.IamEndpoint {
			t.Errorf("%s: got %+v, the official reader %+v", name, got, want)
		}
	}
}

func TestProfileMistakes(t *testing.T) {
	t.Parallel()
	for text, parts := range map[string][]string{
		"[basic]\nak = A\n":                                 {"~/.huaweicloud/credentials", "no sk"},
		"[basic]\nsk = " + testSK + "\n":                    {"no ak"},
		"[basic]\n" + testSK + "\n":                         {"line 2", "key = value"},
		"[basic\nak = A\n":                                  {"line 1", "section"},
		"[basic]\nidp_id = x\nid_token_file = y\n":          {"idp_id", "not supported", envToken},
		"[basic]\nak = A B\nsk = " + testSK + "\n":          {"ak holds a character"},
		"[basic]\nak = A\nsk = B\nproject_id = a/b\n":       {"project_id"},
		"[basic]\nak = A\nsk = B\nsecurity_token = \"é\"\n": {"security_token"},
	} {
		c, _ := client(t, DRS, environment{"HOME": "/h", "USERPROFILE": "/h"})
		c.readFile = func(string) ([]byte, error) { return []byte(text), nil }
		_, err := c.profile(t.Context(), place{})
		e := problemOf(t, err)
		mention(t, e, parts...)
		if e.Code == sdk.CodeUnknown || strings.Contains(e.Message, "/h/") {
			t.Errorf("got %s: %s", e.Code, e.Message)
		}
	}
}

func TestProfileIsNotThere(t *testing.T) {
	t.Parallel()
	missing := func(string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: "/h/secret-path", Err: fs.ErrNotExist}
	}
	denied := func(string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: "/h/secret-path", Err: fs.ErrPermission}
	}
	global := func(string) ([]byte, error) { return []byte("[global]\nak = A\nsk = B\n"), nil }
	home := environment{"HOME": "/h", "USERPROFILE": "/h"}
	for name, test := range map[string]struct {
		e      environment
		read   func(string) ([]byte, error)
		reason string // empty: this way is not set up
	}{
		"no home":         {environment{}, missing, ""},
		"no file":         {home, missing, ""},
		"global only":     {home, global, ""},
		"chosen, no file": {environment{envProfile: "/x"}, missing, "file does not exist"},
		"chosen, global":  {environment{envProfile: "/x"}, global, "no section [basic]"},
		"not readable":    {home, denied, "permission denied"},
	} {
		c, _ := client(t, DRS, test.e)
		c.readFile = test.read
		_, err := c.profile(t.Context(), place{})
		if test.reason == "" {
			if !errors.Is(err, errNotSet) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		e := problemOf(t, err)
		mention(t, e, test.reason)
		if strings.Contains(e.Message, "secret-path") {
			t.Errorf("%s: the message holds a path: %s", name, e.Message)
		}
	}
}

func TestAgency(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	metadata := func(session, key int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPut && r.URL.Path == "/meta-data/latest/api/token":
				if r.Header.Get("X-Metadata-Token-Ttl-Seconds") != "21600" {
					t.Error("the session has no length")
				}
				w.WriteHeader(session)
				write(w, "the-session")
			case r.URL.Path == "/openstack/latest/securitykey":
				asked.Add(1)
				if got := r.Header.Get("X-Metadata-Token"); (got == "the-session") != (session == 200) {
					t.Errorf("session %q", got)
				}
				w.WriteHeader(key)
				write(w, body)
			default:
				t.Errorf("%s %s", r.Method, r.URL.Path)
			}
		}
	}
	good := `{"credential":{"access":"` + testAK + `","secret":"` + testSK + `","securitytoken":"` + testSecurityToken + `","expires_at":"2026-03-04T06:06:07.574000Z"}}`
	for name, test := range map[string]struct {
		session, key int
		body         string
		found        bool
		reason       string
	}{
		"with a session":    {200, 200, good, true, ""},
		"older service":     {404, 200, good, true, ""},
		"no agency":         {200, 401, "Please configure Cloud Service Agency first", false, ""},
		"nothing there":     {404, 404, "", false, ""},
		"something else":    {200, 200, "<html>", false, ""},
		"half a credential": {200, 200, `{"credential":{"access":"x"}}`, false, ""},
		"out of order":      {200, 500, "", false, "HTTP 500"},
	} {
		server := serve(t, metadata(test.session, test.key, test.body))
		c, _ := client(t, DRS, environment{envMetadata: server.URL + "/"})
		c.now = func() time.Time { return testNow }
		got, err := c.agency(t.Context(), place{})
		switch {
		case test.found:
			if err != nil || got.ak != testAK || got.sk != testSK || got.securityToken != testSecurityToken {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
			before := asked.Load()
			if _, err := c.agency(t.Context(), place{}); err != nil || asked.Load() != before {
				t.Errorf("%s: the key was not kept: %v", name, err)
			}
			c.now = func() time.Time { return testNow.Add(56 * time.Minute) }
			if _, err := c.agency(t.Context(), place{}); err != nil || asked.Load() != before+1 {
				t.Errorf("%s: the key was kept for too long: %v", name, err)
			}
		case test.reason != "":
			mention(t, problemOf(t, err), test.reason)
		case !errors.Is(err, errNotSet):
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestSilentMetadataService stands for a machine that is no ECS and whose network swallows the request.
func TestSilentMetadataService(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	c, _ := client(t, DRS, environment{envMetadata: server.URL, envRegion: "cn-north-4", envProject: testProject})
	c.limits.agency = 20 * time.Millisecond
	_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
	mention(t, problemOf(t, err), "no Huawei Cloud credentials")
}
