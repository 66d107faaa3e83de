package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"mcp-server/internal/access/accesstest"
)

func runAccess(t *testing.T, args ...string) (code int, out, problem string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"access"}, args...), streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestAccessCheck(t *testing.T) {
	t.Parallel()
	path := accesstest.File(t, "access.yaml", callers(
		caller(t, "ann"), caller(t, "ci", "profile: a", "read_only: true", "allow: [drs_*]", "deny: [\"hint:destructive\"]", "rate: 12",
			"concurrency: 3", "metrics: true", "expires: 2020-01-31T00:00:00Z"))+`
profiles: {a: {}}
oauth:
  resource: https://r/mcp
  issuer: https://i
  rules:
    - when: {groups: ops}
      profile: a
    - default: true
`)
	code, out, problem := runAccess(t, "check", path)
	want := `caller ann: the server's own credentials; all tools
caller ci: profile a; read-only; allow drs_*; deny hint:destructive; 12 calls a minute; 3 at once; metrics; EXPIRED 2020-01-31T00:00:00Z
oauth "groups"="ops": profile a; all tools
oauth default: the server's own credentials; all tools
`
	if code != exitDone || out != want || problem != "" {
		t.Errorf("%d %q\n%s", code, problem, out)
	}
	if code, out, _ := runAccess(t, "check", path, "-o", "json"); code != exitDone || !strings.Contains(out, `"oauth_rule": "default"`) {
		t.Errorf("%d %s", code, out)
	}
	for text, want := range map[string]string{"callers: [\n": "access.yaml", caller(t, "a"): "1:", "callers: [{name: a}]\n": "token_sha256"} {
		if code, out, problem := runAccess(t, "check", accesstest.File(t, "access.yaml", text)); code != exitUsage || out != "" || !strings.Contains(problem, want) {
			t.Errorf("%q: %d %q %q", text, code, out, problem)
		}
	}
	if code, out, _ := runAccess(t, "check", accesstest.File(t, "access.yaml", "callers: []\n")); code != exitDone || !strings.Contains(out, "nobody") {
		t.Errorf("%d %q", code, out)
	}
}

func TestWordsThatAreNeitherTrueNorFalse(t *testing.T) {
	t.Parallel()
	var f serveFlags
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	addServeFlags(flags, &f)
	err := fromEnvironment(flags, func(name string) (string, bool) { return "yes", name == "MCP_SERVER_INSECURE_HTTP" })
	if _, usage := errors.AsType[usageError](err); !usage || !strings.Contains(err.Error(), `MCP_SERVER_INSECURE_HTTP: "yes" is neither true nor false`) {
		t.Error(err)
	}
}

func TestEmptyAllowTool(t *testing.T) {
	t.Parallel()
	if _, err := parseServe(t, nil, "--allow-tool", "").policy(); err == nil || !strings.Contains(err.Error(), "--allow-tool is empty") {
		t.Errorf("an empty list permits: %v", err)
	}
}

func TestTimesInTheLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger, flush, err := newLogger(&log, "info")
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("x", slog.Duration("took", 1500*time.Millisecond))
	flush()
	if !strings.Contains(log.String(), `"took":"1.5s"`) {
		t.Error(log.String())
	}
}
