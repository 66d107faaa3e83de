package huaweicloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

// tokenService is IAM and a service in one: it issues numbered tokens that last an hour and accepts the latest.
type tokenService struct {
	now     func() time.Time
	issued  atomic.Int32
	used    sync.Map     // tokens seen by the service
	revoked atomic.Value // a token that is refused from now on
	lock    sync.Mutex
	last    map[string]any
}

func (s *tokenService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v3/auth/tokens" {
		s.used.Store(r.Header.Get("X-Auth-Token"), true)
		if s.revoked.Load() == r.Header.Get("X-Auth-Token") {
			w.WriteHeader(http.StatusUnauthorized)
			write(w, `{"error_code":"APIGW.0301","error_msg":"token expires"}`)
			return
		}
		write(w, "{}")
		return
	}
	s.lock.Lock()
	_ = json.NewDecoder(r.Body).Decode(&s.last)
	s.lock.Unlock()
	w.Header().Set("X-Subject-Token", fmt.Sprintf("token-%d", s.issued.Add(1)))
	w.WriteHeader(http.StatusCreated)
	write(w, fmt.Sprintf(`{"token":{"expires_at":%q,"project":{"id":"p1"}}}`, s.now().Add(time.Hour).Format("2006-01-02T15:04:05.000000Z")))
}

func (s *tokenService) client(t *testing.T) (*Client, func(time.Duration)) {
	t.Helper()
	var offset atomic.Int64
	s.now = func() time.Time { return testNow.Add(time.Duration(offset.Load())) }
	server := serve(t, s.ServeHTTP)
	c, _ := client(t, DRS, withKey(DRS, server).without(envAK, envSK, envProject).
		with(envUser, "IAMUser", envPassword, testPassword, envDomainName, "IAMDomain"))
	c.now = s.now
	return c, func(d time.Duration) { offset.Add(int64(d)) }
}

func TestTokenByPassword(t *testing.T) {
	t.Parallel()
	s := &tokenService{}
	c, advance := s.client(t)
	ask := func() {
		t.Helper()
		if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	want := map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []any{"password"}, "password": map[string]any{"user": map[string]any{
			"name": "IAMUser", "password": testPassword, "domain": map[string]any{"name": "IAMDomain"},
		}}},
		"scope": map[string]any{"project": map[string]any{"name": "cn-north-4"}},
	}}
	if diff := cmp.Diff(want, s.last); diff != "" {
		t.Error("the documented body of KeystoneCreateUserTokenByPassword differs:", diff)
	}
	ask()
	advance(54 * time.Minute)
	ask()
	if n := s.issued.Load(); n != 1 {
		t.Errorf("%d tokens for one hour, want 1", n)
	}
	advance(2 * time.Minute) // within 5 minutes of the end
	ask()
	if n := s.issued.Load(); n != 2 {
		t.Errorf("%d tokens after the first was about to end, want 2", n)
	}
	if _, used := s.used.Load("token-2"); !used {
		t.Error("the second token was not used")
	}
}

func TestTokenIsAskedForOnce(t *testing.T) {
	t.Parallel()
	s := &tokenService{}
	c, _ := s.client(t)
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := s.issued.Load(); n != 1 {
		t.Errorf("20 calls at once asked for %d tokens", n)
	}
	if _, err := c.JSON(t.Context(), Target{Region: "cn-east-3"}, listJobs(), nil); err != nil {
		t.Fatal(err)
	}
	if n := s.issued.Load(); n != 2 {
		t.Errorf("another region: %d tokens in all, want 2", n)
	}
}

func TestRevokedTokenIsForgotten(t *testing.T) {
	t.Parallel()
	s := &tokenService{}
	c, _ := s.client(t)
	s.revoked.Store("token-1")
	_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
	if e := problemOf(t, err); e.Code != sdk.CodeUnauthenticated {
		t.Errorf("got %s", e.Code)
	}
	if n := s.issued.Load(); n != 1 {
		t.Errorf("a 401 was answered by %d tokens within the call", n)
	}
	if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil || s.issued.Load() != 2 {
		t.Errorf("the next call did not get a new token: %v, %d issued", err, s.issued.Load())
	}
}

func TestWaitingForATokenEndsWithTheContext(t *testing.T) {
	t.Parallel()
	release, started := make(chan struct{}), make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		close(started)
		<-release
	})
	t.Cleanup(func() { close(release) })
	c, _ := client(t, DRS, withKey(DRS, server).without(envAK, envSK).with(envUser, "u", envPassword, testPassword, envDomainName, "d"))
	var first sync.WaitGroup
	background, stop := context.WithCancel(t.Context())
	first.Go(func() { _, _ = c.JSON(background, Target{}, listJobs(), nil) })
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.JSON(ctx, Target{}, listJobs(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	stop()
	first.Wait()
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		parts   []string
	}{
		"wrong password": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			write(w, fmt.Sprintf(`{"error":{"code":401,"message":"The username or password %s is wrong.","title":"Unauthorized"}}`, testPassword))
		}, []string{"KeystoneCreateUserTokenByPassword of IAM", "[redacted]", envPassword}},
		"no header": {func(w http.ResponseWriter, _ *http.Request) { write(w, `{"token":{}}`) }, []string{"without a token"}},
	} {
		c, _ := client(t, DRS, withKey(DRS, serve(t, test.handler)).without(envAK, envSK).
			with(envUser, "u", envPassword, testPassword, envDomainName, "d"))
		_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
		e := problemOf(t, err)
		mention(t, e, test.parts...)
		if name == "wrong password" && e.Code != sdk.CodeUnauthenticated {
			t.Errorf("got %s", e.Code)
		}
	}
}

func TestTokenScope(t *testing.T) {
	t.Parallel()
	body, err := encodeBody(tokenRequest(passwordUser{name: "u", password: "p", domainID: "id"}, place{region: "r", project: "p1"}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"id":"id"},"name":"u","password":"p"}}},"scope":{"project":{"id":"p1"}}}}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}
