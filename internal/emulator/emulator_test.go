package emulator_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	got := c.Environment()
	if !slices.IsSorted(got) {
		t.Errorf("not sorted: %q", got)
	}
	var names []string
	for _, pair := range got {
		name, value, _ := strings.Cut(pair, "=")
		names = append(names, name)
		if value == "" {
			t.Errorf("%s is empty", name)
		}
		if one := c.Getenv(name); one != value {
			t.Errorf("%s alone is %q, want %q", name, one, value)
		}
	}
	for _, name := range []string{"", "HOME", "HUAWEICLOUD", "HUAWEICLOUD_AUTH_TOKEN"} {
		if value := c.Getenv(name); value != "" {
			t.Errorf("%q is %q", name, value)
		}
	}
	want := []string{"HUAWEICLOUD_ENDPOINT_DRS", "HUAWEICLOUD_ENDPOINT_HTAP", "HUAWEICLOUD_ENDPOINT_IAM",
		"HUAWEICLOUD_ENDPOINT_OBS", "HUAWEICLOUD_ENDPOINT_RFS", "HUAWEICLOUD_ENDPOINT_ROMA", "HUAWEICLOUD_REGION", "HUAWEICLOUD_SDK_AK",
		"HUAWEICLOUD_SDK_PROJECT_ID", "HUAWEICLOUD_SDK_SK"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestEveryServiceHasItsOwnListener(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	seen := map[string]bool{}
	for _, service := range []string{"HTAP", "DRS", "RFS", "ROMA", "IAM", "OBS"} {
		seen[c.Endpoint(service)] = true
	}
	if len(seen) != 6 || seen[""] {
		t.Errorf("endpoints: %v", seen)
	}
	if got := c.Endpoint("ECS"); got != "" {
		t.Errorf("an unknown service has the endpoint %q", got)
	}
	c.get("HTAP", "/v5/{p}/jobs?job_type=sync").want(t, 404, "APIGW.0101")
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{":0", "0.0.0.0:0", "192.0.2.1:0", "example.com:80", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000"} {
		if e, err := emulator.Start(t.Context(), emulator.Config{Addr: addr}); err == nil {
			t.Errorf("%s was accepted", addr)
			_ = e.Close()
		} else if !strings.Contains(err.Error(), addr) {
			t.Errorf("the error does not name the address: %v", err)
		}
	}
	e, err := emulator.Start(t.Context(), emulator.Config{Addr: "0.0.0.0:0", AllowRemote: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if _, err := emulator.Start(t.Context(), emulator.Config{JobDuration: -1}); err == nil {
		t.Error("a negative duration was accepted")
	}
}

func TestBusyPortIsAnError(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	busy := strings.TrimPrefix(c.Endpoint("OBS"), "http://")
	if _, err := emulator.Start(t.Context(), emulator.Config{Addr: busy}); err == nil {
		t.Error("a port in use was accepted")
	}
}

func TestCloseEndsHangingRequests(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.SetFaults(emulator.Fault{Kind: emulator.FaultGone})
	done := make(chan answer)
	go func() { done <- c.do(c.request("GET", "DRS", "/v5/{p}/templates", "")) }()
	for len(c.Requests()) == 0 {
		select {
		case got := <-done:
			t.Fatalf("answered: %+v", got)
		case <-time.After(time.Millisecond):
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if got := <-done; got.err == nil {
		t.Errorf("answer %d, want none", got.status)
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestContextEndsTheEmulator(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e, err := emulator.Start(ctx, emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, e.Endpoint("DRS"), nil)
	if response, err := http.DefaultClient.Do(r); err == nil {
		_ = response.Body.Close()
		t.Error("the emulator still answers")
	}
}

func TestJournalAndLogHoldNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := start(t, emulator.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	c.get("RFS", "/v1/{p}/templates?limit=100").want(t, 200, "")
	link := c.get("RFS", "/v1/{p}/templates/my_first_template/versions/V1").header.Get("Location")
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	c.do(r).want(t, 200, "huaweicloud_vpc")
	got := c.Requests()
	want := []emulator.Request{
		{Service: "RFS", Method: "GET", Path: "/v1/" + emulator.ProjectID + "/templates", Status: 200},
		{Service: "RFS", Method: "GET", Path: "/v1/" + emulator.ProjectID + "/templates/my_first_template/versions/V1", Status: 307},
		{Service: "OBS", Method: "GET", Path: mustParse(t, link).Path, Status: 200},
	}
	for n := range want {
		want[n].AccessKey = c.Credentials().AK
		want[n].Headers = []string{"Authorization", "Client-Request-Id", "Connection", "User-Agent", "X-Sdk-Date"}
	}
	want[2].Headers, want[2].AccessKey = []string{"Connection", "User-Agent"}, ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if err := c.Close(); err != nil { // the log lines are written by then
		t.Fatal(err)
	}
	for _, secret := range []string{"Signature", "limit=100", c.Credentials().SK, c.Credentials().AK, "Expires"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log contains %q:\n%s", secret, log.String())
		}
	}
	if !regexp.MustCompile(`"path":"/v1/\w+/templates","status":200,"request_id":"[0-9a-f]{32}"`).Match(log.Bytes()) {
		t.Errorf("the log lacks the request:\n%s", log.String())
	}
}

func TestEveryAnswerHasARequestID(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for service, header := range map[string]string{"HTAP": "X-Request-Id", "DRS": "X-Request-Id", "RFS": "X-Request-Id",
		"ROMA": "X-Request-Id", "IAM": "X-IAM-Trace-Id", "OBS": "x-obs-request-id"} {
		if got := c.do(c.request("GET", service, "/nowhere", "")); got.header.Get(header) == "" {
			t.Errorf("%s: no %s in %v", service, header, got.header)
		}
	}
}

func TestThrottleEvery(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{ThrottleEvery: 3})
	for n := 1; n <= 6; n++ {
		got := c.get("DRS", "/v5/{p}/templates")
		if n%3 != 0 {
			got.want(t, 200, "count")
			continue
		}
		if got.want(t, 429, "APIGW.0308").header.Get("Retry-After") != "1" {
			t.Error("no Retry-After")
		}
	}
}

func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	body := strings.Repeat(" ", 12<<20+1)
	got := c.post("DRS", "/v5/{p}/jobs/export/template", body)
	if got.err == nil { // the server may close before the client has sent it all
		got.want(t, 413, "APIGW.0201")
	}
	if requests := c.Requests(); requests[0].Status != 413 {
		t.Errorf("journal: %+v", requests)
	}
}

func TestWellKnownIDs(t *testing.T) {
	t.Parallel()
	for id, pattern := range map[string]string{
		emulator.TaurusDBInstanceID:        `^[0-9a-z]{32}in07$`,
		emulator.HTAPInstanceID:            `^[0-9a-z]{32}in17$`,
		emulator.LightweightHTAPInstanceID: `^[0-9a-z]{32}in16$`,
		emulator.DRSJobID:                  `^[0-9a-z-]{31}jb204$`,
		emulator.DRSUpperCaseJobID:         `^[0-9a-z-]{31}jb\d{3}$`,
		emulator.DRSFailingJobID:           `^[0-9a-z-]{31}jb\d{3}$`,
		emulator.DRSMigrationJobID:         `^[0-9a-z-]{31}jb\d{3}$`,
		emulator.ProjectID:                 `^[0-9a-f]{32}$`,
		emulator.ROMAArchiveID:             `^[0-9a-f]{32}$`,
		emulator.RFSTemplateID:             `^[0-9a-f-]{36}$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(id) {
			t.Errorf("%s does not match %s", id, pattern)
		}
	}
}
