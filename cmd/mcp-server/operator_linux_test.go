package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOperatorsAreTold has a server with mistakes that only a call would show, and one that comes while it runs.
func TestOperatorsAreTold(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.MkdirAll(filepath.Join(data, "profiles"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "profiles", "broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := callers(caller(t, "ann", "deny: [drs_exprot_template]", "profile: broken")) + "profiles: {broken: {}, good: {}}\n"
	s := startTeam(t, teamOptions{access: text, args: []string{"--deny-tool", "rfs_lst_*", "--data-dir", data}})
	for message, rule := range map[string]string{
		"a rule of the access file matches no tool":             `drs_exprot_template of the caller "ann"`,
		"a rule of --allow-tool or --deny-tool matches no tool": "rfs_lst_*",
	} {
		if lines := s.lines(message); len(lines) != 1 || lines[0]["rule"] != rule {
			t.Errorf("%s: %v", message, lines)
		}
	}
	if lines := s.lines("a credential profile cannot be used"); len(lines) != 1 || lines[0]["profile"] != "broken" {
		t.Errorf("a profile that cannot be used: %v", lines)
	}
	ready := func(want int) func() bool {
		return func() bool { return s.request(t, http.MethodGet, s.metrics+"/readyz", "").status == want }
	}
	waitFor(t, "the server to be ready", ready(http.StatusOK))
	s.rewrite(t, "callers: nonsense\n")
	waitFor(t, "a broken access file to show", func() bool {
		time.Sleep(100 * time.Millisecond) // there is a limit to messages in a minute
		if a := s.post(t, "ann", initializeMessage); a.status != http.StatusOK {
			t.Errorf("what the file said before does not count: %d %s", a.status, a.body)
		}
		return strings.Contains(s.log.String(), "the access file was changed and cannot be used") && ready(http.StatusOK)()
	})
	s.rewrite(t, callers(caller(t, "ann", "allow: [nothing_at_all]")))
	waitFor(t, "the new rule to be looked at", func() bool {
		time.Sleep(100 * time.Millisecond)
		s.post(t, "ann", initializeMessage)
		return strings.Contains(s.log.String(), "nothing_at_all of the caller")
	})
}

// TestMetricsOfCallers reads the metrics as a caller who may, and one who may not.
func TestMetricsOfCallers(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		var args []string
		if named {
			args = []string{"--metrics-callers"}
		}
		s := startTeam(t, teamOptions{access: callers(caller(t, "ann"), caller(t, "prometheus", "metrics: true")), args: args})
		callTool(t, s.as(t, "ann"), "artifact_list", nil)
		if a := s.request(t, http.MethodGet, s.url+"/metrics", "", authorization("ann")...); a.status != http.StatusForbidden {
			t.Errorf("one who may not: %d", a.status)
		}
		a := s.request(t, http.MethodGet, s.url+"/metrics", "", authorization("prometheus")...)
		if a.status != http.StatusOK || strings.Contains(a.body, `mcp_server_caller="ann"`) != named ||
			!strings.Contains(a.body, `mcp_server_refused_total{mcp_server_reason="no_metrics"} 1`) {
			t.Errorf("with names %v: %d %s", named, a.status, a.body)
		}
		waitFor(t, "the line of the refusal", func() bool { return len(s.lines("refused")) > 0 })
		if lines := s.lines("refused"); len(lines) != 1 || lines[0]["caller"] != "ann" || lines[0]["reason"] != "no_metrics" {
			t.Errorf("the log says %v", lines)
		}
	}
}
