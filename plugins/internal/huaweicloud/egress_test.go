package huaweicloud

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mcp-server/internal/egress"
	"mcp-server/internal/emulator"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// doorVariable is what the host puts into a plugin's environment.
const doorVariable = "MCP_SERVER_EGRESS"

// doors keeps what went through a door.
type doors struct {
	mu  sync.Mutex
	all []egress.Event
}

func (d *doors) note(e egress.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, e)
}

func (d *doors) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprintf("%+v", d.all)
}

// behindDoor gives the environment the way out that a plugin of the service has in a host; host is that of the host itself.
func behindDoor(t *testing.T, service Service, e environment, host environment) (environment, *doors) {
	t.Helper()
	seen := &doors{}
	lookup := func(from environment) func(string) (string, bool) {
		return func(name string) (string, bool) { value, ok := from[name]; return value, ok }
	}
	proxy := egress.Start(egress.Config{LookupEnv: lookup(host), Observe: seen.note})
	t.Cleanup(proxy.Close)
	rules, err := egress.RulesOf(Permissions(service), lookup(e))
	if err != nil {
		t.Fatal(err)
	}
	door, err := proxy.Open("kitchen", rules)
	if err != nil {
		t.Fatal(err)
	}
	return e.with(doorVariable, door.URL()), seen
}

// TestEmulatedBehindADoor signs for, and downloads from, a cloud that only the host's proxy reaches.
func TestEmulatedBehindADoor(t *testing.T) {
	t.Parallel()
	cloud, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	e := environment{envMetadata: "off"}
	for _, pair := range cloud.Environment() {
		name, value, _ := strings.Cut(pair, "=")
		e[name] = value
	}
	e, seen := behindDoor(t, DRS, e, nil)
	c, _ := client(t, DRS, e)
	r := listJobs()
	r.Query = map[string][]string{"job_type": {"sync"}, "name": {"a b&c"}}
	if _, err := c.JSON(t.Context(), Target{}, r, nil); err != nil {
		t.Error(err)
	}
	if !strings.Contains(seen.text(), "Rule:$HUAWEICLOUD_ENDPOINT_DRS Refused: Kind:") {
		t.Errorf("the door saw %s", seen.text())
	}
}

// TestTLSBehindADoor has a certificate checked through the tunnel, and both protocols.
func TestTLSBehindADoor(t *testing.T) {
	t.Parallel()
	var last atomic.Value
	server, file := secure(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(sdk.EgressHeader, "timeout") // a cloud cannot speak for the host
		last.Store(r.Proto)
		write(w, "{}")
	})
	e, seen := behindDoor(t, DRS, withKey(DRS, server).with(envCertFile, file), nil)
	for _, once := range []bool{false, true} {
		c, _ := client(t, DRS, e)
		r := listJobs()
		r.OnceOnly = once
		if _, err := c.JSON(t.Context(), Target{}, r, nil); err != nil {
			t.Error(err)
		}
		if want := map[bool]string{false: "HTTP/2.0", true: "HTTP/1.1"}[once]; last.Load() != want {
			t.Errorf("once-only %t went over %v", once, last.Load())
		}
	}
	for !strings.Contains(seen.text(), "Rule:$HUAWEICLOUD_ENDPOINT_DRS") { // the once-only connection ends by itself
		time.Sleep(time.Millisecond)
	}
}

// TestBarred explains which setting opens the way.
func TestBarred(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the plugin got there") })
	e, _ := behindDoor(t, ROMA, withKey(ROMA, elsewhere).with(envEndpoint+"ROMA", "https://roma.corp.example", envEndpoint+"IAM", "https://iam.corp.example"), nil)
	c, pauses := client(t, ROMA, e.with(envEndpoint+"ROMA", elsewhere.URL)) // as a regions file would
	_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
	p := problemOf(t, err)
	mention(t, p, "was not connected to, because plugin kitchen has not declared the", "Nothing was sent.", "set HUAWEICLOUD_ENDPOINT_ROMA for the server, such as "+elsewhere.URL)
	if p.Code != sdk.CodeFailedPrecondition || p.Source != sdk.SourceHost || len(*pauses) > 0 || !NothingSent(err) {
		t.Errorf("got %+v after %v", p, *pauses)
	}
	for name, want := range map[string]string{"https://roma.elsewhere.example": "HUAWEICLOUD_ENDPOINT_ROMA", "https://roma.example:8443": "https://roma.example:8443"} {
		c, _ := client(t, ROMA, e.with(envEndpoint+"ROMA", name))
		_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
		mention(t, problemOf(t, err), "has not declared the host", want)
	}
	for host, want := range map[string]string{"bucket.obs.corp.example": "https://obs.corp.example", "corp.example": "https://corp.example"} {
		s := shot{service: obs, url: &url.URL{Scheme: "https", Host: host}}
		if got := s.wayThrough(); !strings.Contains(got, "HUAWEICLOUD_ENDPOINT_OBS for the server, such as "+want+".") {
			t.Errorf("%s: %s", host, got)
		}
	}
}

// TestOnceOnlyBehindADoor tells what was surely not sent from what may have been, over both ways through the door.
func TestOnceOnlyBehindADoor(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	var asked atomic.Int32
	hangsUp := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	})
	for name, test := range map[string]struct {
		endpoint string
		unsent   bool
		parts    []string
	}{
		"nobody there, plain":  {closed.URL, true, []string{"refused the connection", "the archive is untouched"}},
		"nobody there, tunnel": {strings.Replace(closed.URL, "http:", "https:", 1), true, []string{"refused the connection", "the archive is untouched"}},
		"hangs up, plain":      {hangsUp.URL, false, []string{"closed the connection", "not sent again", hint}},
		"no such name":         {"https://no-such-host.invalid", true, []string{"no-such-host.invalid", "the archive is untouched"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := behindDoor(t, ROMA, withKey(ROMA, closed).with(envEndpoint+"ROMA", test.endpoint), nil)
			c, pauses := client(t, ROMA, e)
			r := run(t, downloadTool(c, archive(), Download{Name: "assets.zip", Expect: KindZIP, OnceOnlyHint: hint}))
			p := refusal(t, r)
			mention(t, p, test.parts...)
			if len(*pauses) > 0 || test.unsent == strings.Contains(p.Message, hint) {
				t.Errorf("pauses %v, message %s", *pauses, p.Message)
			}
		})
	}
	t.Cleanup(func() {
		if asked.Load() != 1 {
			t.Errorf("the archive was asked for %d times", asked.Load())
		}
	})
}

// TestBehindTheHostsProxy names the host's own proxy when that is what refuses, and never its password.
func TestBehindTheHostsProxy(t *testing.T) {
	t.Parallel()
	var connects atomic.Pointer[string]
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got := r.Method + " " + r.Host
		connects.Store(&got)
		w.WriteHeader(http.StatusProxyAuthRequired)
	})
	address := strings.Replace(proxy.URL, "http://", "http://user:"+testPassword+"@", 1)
	e, _ := behindDoor(t, DRS, withKey(DRS, proxy).without(envEndpoint+"DRS"), environment{"HTTPS_PROXY": address})
	c, _ := client(t, DRS, e)
	_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
	mention(t, problemOf(t, err), "drs.cn-north-4.myhuaweicloud.com", "the server's own proxy did not connect", "407", "HTTPS_PROXY")
	if got := connects.Load(); got == nil || *got != "CONNECT drs.cn-north-4.myhuaweicloud.com:443" {
		t.Errorf("the proxy got %v", got)
	}
}

// TestAgencyBehindADoor asks the metadata service through the door, and is no ECS where nobody answers.
func TestAgencyBehindADoor(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		write(w, `{"credential":{"access":"AGENCYKEY","secret":"s","securitytoken":"t","expires_at":"2099-01-01T00:00:00Z"}}`)
	})
	e, seen := behindDoor(t, DRS, environment{envMetadata: server.URL}, nil)
	c, _ := client(t, DRS, e)
	if found, err := c.agency(t.Context(), place{}); err != nil || found.ak != "AGENCYKEY" || !strings.Contains(seen.text(), "Rule:$HUAWEICLOUD_METADATA_ENDPOINT") {
		t.Errorf("got %+v, %v through %s", found, err, seen.text())
	}
	server.Close()
	c, _ = client(t, DRS, e)
	if _, err := c.agency(t.Context(), place{}); err != errNotSet { //nolint:errorlint // the value itself
		t.Errorf("got %v", err)
	}
}

func TestDoorThatIsNone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	for value, want := range map[string]string{
		"http://plugin:" + testPassword + "@" + listener.Addr().String(): "refused the connection",
		"ftp://x:" + testPassword + "@y":                                 "the value of MCP_SERVER_EGRESS is not a URL",
	} {
		c, _ := client(t, DRS, environment{envAK: testAK, envSK: testSK, envRegion: "cn-north-4", envProject: testProject, doorVariable: value})
		_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
		mention(t, problemOf(t, err), want)
	}
}

// TestDownloadBehindADoor stores a link's content through the door.
func TestDownloadBehindADoor(t *testing.T) {
	t.Parallel()
	content := zipOf(t, "a.txt", strings.Repeat("x", 100_000))
	server := serve(t, body(content))
	e, _ := behindDoor(t, RFS, withKey(RFS, server).with(envEndpoint+"OBS", server.URL), nil)
	c, _ := client(t, RFS, e)
	r := run(t, downloadTool(c, template(), Download{Name: "x", Expect: KindZIP}))
	if out := sdktest.Decode[downloadOut](t, r); len(out.Artifacts) != 1 || out.Artifacts[0].Size != int64(len(content)) {
		t.Errorf("got %+v", out)
	}
}
