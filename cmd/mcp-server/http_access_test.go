package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/emulator"
)

// TestNobodyCallsWithoutAToken tries all that is no token of the file, on every path that needs one.
func TestNobodyCallsWithoutAToken(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann"), caller(t, "old", "expires: 2020-01-01T00:00:00Z"))})
	for name, tc := range map[string]struct {
		authorization string
		status        int
		want          string
	}{
		"none":       {"", http.StatusUnauthorized, "Bearer realm="},
		"wrong":      {"Bearer " + tokenOf("eve"), http.StatusUnauthorized, "invalid_token"},
		"expired":    {"Bearer " + tokenOf("old"), http.StatusUnauthorized, "expired"},
		"basic":      {"Basic YW5uOmFubg==", http.StatusUnauthorized, "Bearer"},
		"odd":        {"Bearer a b", http.StatusBadRequest, "invalid_request"},
		"JSON token": {"Bearer e30.e30.e30", http.StatusUnauthorized, "invalid_token"},
	} {
		var headers []string
		if tc.authorization != "" {
			headers = []string{"Authorization", tc.authorization}
		}
		for _, path := range []string{"/mcp", "/metrics", "/artifacts/0123456789abcdef/x"} {
			method, body := http.MethodGet, ""
			if path == "/mcp" {
				method, body = http.MethodPost, initializeMessage
			}
			a := s.request(t, method, s.url+path+"?access_token="+tokenOf("ann"), body, headers...)
			if challenge := a.header.Get("WWW-Authenticate"); a.status != tc.status || !strings.Contains(challenge, tc.want) {
				t.Errorf("%s at %s: answered by %d %s, challenge %q", name, path, a.status, a.body, challenge)
			}
		}
	}
	if _, err := s.dial(t, "", nil); err == nil {
		t.Error("a client without a token connected")
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 404} {
		if a := s.request(t, http.MethodGet, s.url+path, ""); a.status != want {
			t.Errorf("%s: answered by %d", path, a.status)
		}
	}
	if a := s.request(t, http.MethodGet, s.metrics+"/metrics", ""); a.status != 200 {
		t.Errorf("the metrics of their own address: answered by %d", a.status)
	}
	if r := callTool(t, s.as(t, "ann"), "rfs_list_templates", nil); r.IsError {
		t.Errorf("a good token: %s", textOf(r))
	}
}

// TestTokenThatIsTakenAway changes the access file of a running server: the next request of a removed token is refused,
// its open streams and running calls end, and other callers notice nothing.
func TestTokenThatIsTakenAway(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann"), caller(t, "bob"))})
	s.cloud.SetFaults(hanging)
	ann, bob := s.as(t, "ann"), s.as(t, "bob")
	cut := make(chan error, 1)
	go func() {
		r, err := ann.CallTool(t.Context(), &mcp.CallToolParams{Name: "rfs_list_templates"})
		if err == nil && r.IsError {
			err = errors.New(textOf(r))
		}
		cut <- err
	}()
	waitFor(t, "the call to run", func() bool { return len(s.cloud.Requests()) > 0 })
	s.rewrite(t, callers(caller(t, "bob", "deny: [rfs_*]")))
	waitFor(t, "the token to be refused", func() bool { return s.post(t, "ann", initializeMessage).status == http.StatusUnauthorized })
	if err := <-cut; err == nil {
		t.Error("a call of a token that was taken away went on")
	}
	s.cloud.SetFaults()
	// What the file says now also counts in sessions that are open.
	if r, err := bob.CallTool(t.Context(), &mcp.CallToolParams{Name: "rfs_list_templates"}); err == nil && !r.IsError {
		t.Error("a rule that came while the session was open does not count")
	}
	if strings.Contains(toolNames(t, bob), "rfs_") {
		t.Error("tools that the file denies now are listed")
	}
	if r := callTool(t, bob, "roma_list_instances", nil); r.IsError {
		t.Errorf("the other caller: %s", textOf(r))
	}
	s.rewrite(t, "callers: nonsense\n")
	waitFor(t, "the log to say it", func() bool {
		return strings.Contains(s.log.String(), "cannot be used") || s.post(t, "bob", "{}").status == 401
	})
	if r := callTool(t, bob, "roma_list_instances", nil); r.IsError {
		t.Errorf("after the file was broken: %s", textOf(r))
	}
}

// rewrite replaces the access file, as an editor does.
func (s *team) rewrite(t *testing.T, text string) {
	t.Helper()
	replaceFile(t, s.file, text)
}

func replaceFile(t *testing.T, path, text string) {
	t.Helper()
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, path); err != nil {
		t.Fatal(err)
	}
}

// TestOAuthCallers has tokens of an issuer, whose claims say what a caller may.
func TestOAuthCallers(t *testing.T) {
	t.Parallel()
	issuer := accesstest.NewIssuer(t, "k1")
	const resource = "http://127.0.0.1:1/mcp"
	s := startTeam(t, teamOptions{access: `oauth:
  resource: ` + resource + `
  issuer: ` + issuer.URL + `
  required_scopes: ["mcp:tools"]
  rules:
    - when: {groups: readers}
      allow: [rfs_*]
    - when: {sub: root}
`})
	sign := func(changes map[string]any) string { return issuer.Sign(t, "k1", issuer.Claims(resource, changes)) }
	for name, tc := range map[string]struct {
		token  string
		status int
	}{
		"all tools":     {sign(map[string]any{"sub": "root"}), 200},
		"a group":       {sign(map[string]any{"groups": []string{"x", "readers"}}), 200},
		"no rule":       {sign(nil), 403},
		"no scope":      {sign(map[string]any{"sub": "root", "scope": "other"}), 403},
		"for another":   {issuer.Sign(t, "k1", issuer.Claims("https://other.example/mcp", map[string]any{"sub": "root"})), 401},
		"expired":       {sign(map[string]any{"sub": "root", "exp": time.Now().Add(-time.Hour).Unix()}), 401},
		"of a stranger": {accesstest.NewIssuer(t, "k1").Sign(t, "k1", issuer.Claims(resource, map[string]any{"sub": "root"})), 401},
	} {
		a := s.request(t, http.MethodPost, s.url+"/mcp", initializeMessage, "Authorization", "Bearer "+tc.token)
		challenge := a.header.Get("WWW-Authenticate")
		if a.status != tc.status || a.status == 401 && !strings.Contains(challenge, "resource_metadata=") ||
			name == "no scope" && !strings.Contains(challenge, `error="insufficient_scope"`) {
			t.Errorf("%s: answered by %d %s, challenge %q", name, a.status, a.body, challenge)
		}
		if tc.status != 200 && strings.Contains(a.body+challenge, tc.token) {
			t.Errorf("%s: the answer holds the token", name)
		}
	}
	if a := s.request(t, http.MethodGet, s.url+"/.well-known/oauth-protected-resource/mcp", ""); !strings.Contains(a.body, issuer.URL) {
		t.Errorf("the metadata are %d %s", a.status, a.body)
	}
	reader, err := s.dial(t, sign(map[string]any{"groups": "readers"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if tools := toolNames(t, reader); strings.Contains(tools, "roma_") || !strings.Contains(tools, "rfs_list_templates") {
		t.Errorf("a reader is offered %s", tools)
	}
	callTool(t, reader, "rfs_list_templates", nil)
	waitFor(t, "the line of the call", func() bool { return len(s.lines("call done")) > 0 })
	if line := s.lines("call done")[0]; line["caller"] != "oauth:alice" {
		t.Errorf("the line of the call is %v", line)
	}
}

// TestForbiddenToolsAreGone has several ways to forbid tools: they are not listed, cannot be called, and what belongs to
// their plugins alone is gone too.
func TestForbiddenToolsAreGone(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(
		caller(t, "all"), caller(t, "reads", "read_only: true", "allow: [roma_export_assets, \"*\"]"),
		caller(t, "rfs", "allow: [rfs_*]", "deny: [rfs_list_templates]"), caller(t, "safe", "deny: [\"hint:destructive\"]")),
		args: []string{"--deny-tool", "htap_*"}})
	for name, tc := range map[string]struct{ has, hasNot, called, reason string }{
		"all":   {"roma_export_assets", "htap_", "htap_list_instances", "--deny-tool"},
		"reads": {"roma_list_apps", "roma_export_assets", "roma_export_assets", "read-only"},
		"rfs":   {"rfs_list_template_versions", "artifact_read", "rfs_list_templates", "rule rfs_list_templates denies"},
		"safe":  {"roma_export_assets", downloadArchive, downloadArchive, "hint:destructive"},
	} {
		client := s.as(t, name)
		if tools := toolNames(t, client); !strings.Contains(tools, tc.has) || strings.Contains(tools, tc.hasNot) {
			t.Errorf("%s is offered %s", name, tools)
		}
		r, err := client.CallTool(t.Context(), &mcp.CallToolParams{Name: tc.called, Arguments: archiveArguments()})
		said := ""
		if err != nil {
			said = err.Error()
		} else if r.IsError {
			said = textOf(r)
		}
		if !strings.Contains(said, tc.reason) {
			t.Errorf("%s calls %s: answered by %q, %+v", name, tc.called, said, r)
		}
	}
	if len(s.cloud.Requests()) > 0 {
		t.Errorf("a refused call reached the cloud: %v", s.cloud.Requests())
	}
}

// TestForbiddenPluginsAreGone looks at what plugins have beside tools.
func TestForbiddenPluginsAreGone(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "all"), caller(t, "rfs", "allow: [rfs_*]"))})
	complete := func(name string) (int, error) {
		r, err := s.as(t, name).Complete(t.Context(), &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "inspect_roma_archive"},
			Argument: mcp.CompleteParamsArgument{Name: "instance_id", Value: ""},
		})
		if err != nil {
			return 0, err
		}
		return len(r.Completion.Values), nil
	}
	for name, want := range map[string]bool{"all": true, "rfs": false} {
		client := s.as(t, name)
		prompts, err := client.ListPrompts(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range prompts.Prompts {
			names = append(names, p.Name)
		}
		if got := strings.Contains(strings.Join(names, " "), "roma"); got != want || len(names) == 0 {
			t.Errorf("%s has the prompts %v", name, names)
		}
		before := len(s.cloud.Requests())
		_, err = client.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: "inspect_roma_archive", Arguments: map[string]string{
			"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID}})
		if (err == nil) != want {
			t.Errorf("%s gets the prompt: %v", name, err)
		}
		n, err := complete(name)
		if (err == nil && n > 0) != want {
			t.Errorf("%s gets %d completions, %v", name, n, err)
		}
		if !want && len(s.cloud.Requests()) > before {
			t.Errorf("%s had requests sent", name)
		}
		if text := client.InitializeResult().Instructions; strings.Contains(text, "roma_") != want {
			t.Errorf("%s has the instructions %s", name, text)
		}
	}
}

// TestReadOnlyBeatsAll has a server that only reads, whatever its other flags and its callers' entries allow.
func TestReadOnlyBeatsAll(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{
		access: callers(caller(t, "ann", "allow: [\"*\"]")),
		args:   []string{"--read-only", "--allow-tool", "roma_export_assets,roma_list_apps,drs_*"},
	})
	ann := s.as(t, "ann")
	if tools := toolNames(t, ann); !strings.Contains(tools, "roma_list_apps") || strings.Contains(tools, "export_assets") ||
		strings.Contains(tools, "drs_export_template") || strings.Contains(tools, "rfs_") {
		t.Errorf("offered are %s", tools)
	}
	r, err := ann.CallTool(t.Context(), &mcp.CallToolParams{Name: "roma_export_assets", Arguments: map[string]any{}})
	if err == nil && !r.IsError {
		t.Error("a tool that writes was called")
	}
}

// TestServerRefusesToBeOpen starts servers that anybody could use.
func TestServerRefusesToBeOpen(t *testing.T) {
	t.Parallel()
	file := accesstest.File(t, "access.yaml", callers(caller(t, "ann")))
	nobody := accesstest.File(t, "access.yaml", "callers: []\n")
	plain := accesstest.File(t, "access.yaml", "callers:\n  - {name: ann, token: "+tokenOf("ann")+"}\n")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no tokens":       {[]string{"--http", "0.0.0.0:0"}, "--access FILE"},
		"no host":         {[]string{"--http", ":0"}, "--access FILE"},
		"nobody":          {[]string{"--http", "0.0.0.0:0", "--access", nobody, "--insecure-http"}, "mcp-server token new"},
		"no TLS":          {[]string{"--http", "0.0.0.0:0", "--access", file}, "--tls-cert"},
		"half a TLS":      {[]string{"--http", "127.0.0.1:0", "--tls-cert", "x"}, "--tls-key"},
		"token as it is":  {[]string{"--http", "127.0.0.1:0", "--access", plain}, "2:"},
		"no access file":  {[]string{"--http", "127.0.0.1:0", "--access", file + "x"}, "reading the access file"},
		"stdio and token": {[]string{"--access", file}, "--http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, code := refuseToServe(t, tc.args...)
			if code != exitUsage || !strings.Contains(said, tc.want) || strings.Contains(said, tokenOf("ann")) {
				t.Errorf("ended with %d: %s", code, said)
			}
		})
	}
}

// TestTokenOfTheCommand goes the whole way of the documentation: make a token, paste the lines, call.
func TestTokenOfTheCommand(t *testing.T) {
	t.Parallel()
	made, err := newToken("ci", 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	if err := made.print(&lines); err != nil {
		t.Fatal(err)
	}
	token, entry, _ := strings.Cut(lines.String(), "\n")
	s := startTeam(t, teamOptions{access: "callers:\n" + entry})
	client, err := s.dial(t, token, nil)
	if err != nil || !access.IsToken(token) {
		t.Fatalf("%v\n%s", err, lines.String())
	}
	if r := callTool(t, client, "artifact_list", nil); r.IsError {
		t.Error(textOf(r))
	}
	if _, err := os.Stat(filepath.Join(s.data, "artifacts")); err != nil {
		t.Error(err)
	}
}
