package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
)

// parseServe reads flags and an environment as the command does.
func parseServe(t *testing.T, environment map[string]string, args ...string) serveFlags {
	t.Helper()
	var f serveFlags
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	addServeFlags(flags, &f)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := fromEnvironment(flags, func(name string) (string, bool) { v, ok := environment[name]; return v, ok }); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestServeFlags(t *testing.T) {
	t.Parallel()
	byFlags := parseServe(t, nil, "--http", "127.0.0.1:1", "--access", "a", "--tls-cert", "c", "--tls-key", "k", "--public-url", "https://p",
		"--allow-origin", "https://a", "--allow-origin", "https://b", "--insecure-http", "--metrics-addr", "127.0.0.1:2", "--read-only",
		"--allow-tool", "drs_*", "--deny-tool", "hint:destructive,rfs_*", "--drain-delay", "5s", "--metrics-callers")
	byEnvironment := parseServe(t, map[string]string{
		"MCP_SERVER_HTTP": "127.0.0.1:1", "MCP_SERVER_ACCESS": "a", "MCP_SERVER_TLS_CERT": "c", "MCP_SERVER_TLS_KEY": "k",
		"MCP_SERVER_PUBLIC_URL": "https://p", "MCP_SERVER_ALLOW_ORIGIN": "https://a,https://b", "MCP_SERVER_INSECURE_HTTP": "true",
		"MCP_SERVER_METRICS_ADDR": "127.0.0.1:2", "MCP_SERVER_READ_ONLY": "true", "MCP_SERVER_ALLOW_TOOL": "drs_*",
		"MCP_SERVER_DRAIN_DELAY": "5s", "MCP_SERVER_METRICS_CALLERS": "true", "MCP_SERVER_DENY_TOOL": "hint:destructive,rfs_*",
	})
	if diff := cmp.Diff(byFlags, byEnvironment, cmp.AllowUnexported(serveFlags{})); diff != "" {
		t.Error(diff)
	}
	policy, err := byFlags.policy()
	if err != nil || !policy.ReadOnly || len(policy.Allow) != 1 || len(policy.Deny) != 2 {
		t.Errorf("the policy is %+v, %v", policy, err)
	}
	c := byFlags.webConfig(http.NotFoundHandler(), nil, nil)
	if c.Addr != "127.0.0.1:1" || c.TLSCert != "c" || c.TLSKey != "k" || c.PublicURL != "https://p" || len(c.AllowOrigins) != 2 ||
		!c.InsecureHTTP || c.MetricsAddr != "127.0.0.1:2" || c.DrainDelay != 5*time.Second || c.MCP == nil {
		t.Errorf("the configuration is %+v", c)
	}
}

func TestServeFlagsThatAreWrong(t *testing.T) {
	t.Parallel()
	_, allow := parseServe(t, nil, "--allow-tool", "hint:x").policy()
	_, deny := parseServe(t, nil, "--deny-tool", "a b").policy()
	_, missing := parseServe(t, nil, "--access", filepath.Join(t.TempDir(), "none")).openAccess(slog.New(slog.DiscardHandler))
	_, open := newWebServer(parseServe(t, nil, "--http", ":8080").webConfig(http.NotFoundHandler(), nil, nil))
	for want, err := range map[string]error{
		"--allow-tool: ": allow, "--deny-tool: ": deny, "reading the access file": missing, "--access FILE": open,
		"add --http": parseServe(t, nil, "--access", "x").checkWithoutHTTP(),
	} {
		if _, usage := errors.AsType[usageError](err); !usage || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := parseServe(t, nil, "--read-only").checkWithoutHTTP(); err != nil {
		t.Errorf("a policy on standard input and output: %v", err)
	}
}

// TestExampleAccessFile opens the example of the documentation, with the private files that it names beside it.
func TestExampleAccessFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"access.yaml", string(text)}
	for _, m := range regexp.MustCompile(`(?m)^\s+env_file: (\S+)`).FindAllStringSubmatch(string(text), -1) {
		files = append(files, m[1], "HUAWEICLOUD_SDK_AK=an example\n")
	}
	for _, m := range regexp.MustCompile(`(?m)^\s+token_file: (\S+)`).FindAllStringSubmatch(string(text), -1) {
		files = append(files, m[1], access.NewToken())
	}
	if _, err := access.Open(access.Options{Path: accesstest.File(t, files...)}); err == nil || !strings.Contains(err.Error(), "token_sha256") {
		t.Errorf("as it is, the example is accepted: %v", err)
	}
	sum, err := access.Hash(access.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	files[1] = strings.Replace(files[1], "PUT HERE WHAT mcp-server token new ci PRINTS", sum, 1)
	gate, err := access.Open(access.Options{Path: accesstest.File(t, files...)})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := gate.Resource(); !ok || !gate.Guards() || len(files) < 6 {
		t.Errorf("the example shows less than it should: %d files, %v", len(files)/2, ok)
	}
}

// TestServiceUnit reads the unit of the documentation: its flags exist, and it has what the server needs.
func TestServiceUnit(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	_, unit, _ := strings.Cut(string(text), "[Service]")
	unit = strings.ReplaceAll(unit, "\\\n", " ")
	line := regexp.MustCompile(`(?m)^ *ExecStart=\S+ serve (.*)$`).FindStringSubmatch(unit)
	if line == nil {
		t.Fatal("the documentation has no unit")
	}
	command := newServeCommand(&settings{}, streams{})
	command.Flags().String("data-dir", "", "")
	if err := command.ParseFlags(strings.Fields(line[1])); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"PrivateTmp=yes", "StateDirectory=", "LogsDirectory=", "MemoryMax=", "LimitNOFILE=", "TimeoutStopSec=45"} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit has no %s", want)
		}
	}
}

// TestDocumentedFlags sees to it that docs/http.md lists every flag of the server.
func TestDocumentedFlags(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	newServeCommand(&settings{}, streams{}).Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "emulator" && !strings.Contains(string(text), "`--"+f.Name+"`") {
			t.Errorf("docs/http.md does not have --%s", f.Name)
		}
	})
}
