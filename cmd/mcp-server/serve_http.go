package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/pflag"

	"mcp-server/internal/access"
	"mcp-server/internal/web"
)

// serveFlags say who may call what, and where the server listens.
type serveFlags struct {
	http         string
	access       string
	tlsCert      string
	tlsKey       string
	publicURL    string
	allowOrigins []string
	insecureHTTP bool
	metricsAddr  string
	drainDelay   time.Duration

	metricsCallers bool

	readOnly   bool
	allowTools []string
	denyTools  []string
	confirm    string
	auditLog   string
}

func addServeFlags(flags *pflag.FlagSet, f *serveFlags) {
	flags.StringVar(&f.http, "http", "", "serve on HTTP at this HOST:PORT, such as 127.0.0.1:8080, instead of standard input and output")
	flags.StringVar(&f.access, "access", "", "file with the callers' tokens, their profiles and OAuth; needed beyond this machine")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "PEM file with the certificate chain; read again when it changes")
	flags.StringVar(&f.tlsKey, "tls-key", "", "PEM file with the certificate's key")
	flags.StringVar(&f.publicURL, "public-url", "", "URL under which clients reach the server, when a proxy has another name")
	flags.StringSliceVar(&f.allowOrigins, "allow-origin", nil, "origin of web pages that may call, such as https://app.example.com; may be repeated")
	flags.BoolVar(&f.insecureHTTP, "insecure-http", false, "serve other machines without TLS, as behind a proxy that has it")
	flags.StringVar(&f.metricsAddr, "metrics-addr", "", "HOST:PORT that serves /metrics and the health checks without tokens")
	flags.BoolVar(&f.metricsCallers, "metrics-callers", false, "put the callers' names on metrics and traces")
	flags.DurationVar(&f.drainDelay, "drain-delay", 0, "how long requests are still accepted when the server ends, while /readyz says 503; such as 5s")
	flags.BoolVar(&f.readOnly, "read-only", false, "leave only tools that say that they only read, whatever else is allowed")
	flags.StringSliceVar(&f.allowTools, "allow-tool", nil, "tools that may be called: a name, a pattern such as drs_*, or a hint such as hint:read_only; may be repeated")
	flags.StringVar(&f.confirm, "confirm", "once-only", "what a person is asked before, where the client can ask: once-only (downloads that cannot be repeated) or never")
	flags.StringVar(&f.auditLog, "audit-log", "", "file that gets one JSON line per call, and two per call that can change something; see docs/observability.md")
	flags.StringSliceVar(&f.denyTools, "deny-tool", nil, "tools that may not be called, in the same words; beats --allow-tool")
}

// policy is the server's own, on every transport.
func (f serveFlags) policy() (access.Policy, error) {
	if f.allowTools != nil && len(f.allowTools) == 0 {
		return access.Policy{}, usageError{errors.New("--allow-tool is empty, which does not say whether nothing or everything is allowed; " +
			"leave it out to allow all tools, and give --deny-tool '*' to allow none")}
	}
	allow, err := access.ParseRules(f.allowTools)
	if err != nil {
		return access.Policy{}, usageError{fmt.Errorf("--allow-tool: %w", err)}
	}
	deny, err := access.ParseRules(f.denyTools)
	if err != nil {
		return access.Policy{}, usageError{fmt.Errorf("--deny-tool: %w", err)}
	}
	return access.Policy{ReadOnly: f.readOnly, Allow: allow, Deny: deny}, nil
}

// checkWithoutHTTP refuses flags that would do nothing on standard input and output.
func (f serveFlags) checkWithoutHTTP() error {
	if f.access != "" || f.tlsCert != "" || f.tlsKey != "" || f.publicURL != "" || len(f.allowOrigins) > 0 || f.insecureHTTP || f.metricsAddr != "" ||
		f.drainDelay != 0 {
		return usageError{errors.New("--access, --tls-cert, --tls-key, --public-url, --allow-origin, --insecure-http, --metrics-addr and --drain-delay " +
			"are for a server on HTTP; add --http 127.0.0.1:8080, or leave them out")}
	}
	return nil
}

// openAccess reads the access file; nil when there is none.
func (f serveFlags) openAccess(logger *slog.Logger) (*access.Gate, error) {
	if f.access == "" {
		return nil, nil //nolint:nilnil // no gate is what web.Config calls nobody but the local user
	}
	gate, err := access.Open(access.Options{Path: f.access, Logger: logger})
	if err != nil {
		return nil, usageError{err}
	}
	return gate, nil
}

// webConfig puts together the server around the handler of the MCP endpoint. The caller adds what the host has: artifacts,
// metrics, readiness and the end of streams.
func (f serveFlags) webConfig(mcp http.Handler, gate *access.Gate, logger *slog.Logger) web.Config {
	return web.Config{
		Addr: f.http, MCP: mcp, Access: gate, TLSCert: f.tlsCert, TLSKey: f.tlsKey, InsecureHTTP: f.insecureHTTP,
		PublicURL: f.publicURL, AllowOrigins: f.allowOrigins, MetricsAddr: f.metricsAddr, DrainDelay: f.drainDelay, Logger: logger,
	}
}

// newWebServer makes the server; what is wrong with it is wrong with the flags.
func newWebServer(c web.Config) (*web.Server, error) {
	server, err := web.New(c)
	if err != nil {
		return nil, usageError{err}
	}
	return server, nil
}
