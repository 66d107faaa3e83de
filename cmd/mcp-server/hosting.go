package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"mcp-server/internal/access"
	"mcp-server/internal/audit"
	"mcp-server/internal/emulator"
	"mcp-server/internal/host"
	"mcp-server/internal/telemetry"
)

// hosting is how a host serves others than the local user: what may be called, with whose credentials, and what is noted.
type hosting struct {
	transport  string // for logs and traces: stdio, http or cli
	policy     access.Policy
	noConfirm  bool
	auditLog   string
	gate       *access.Gate // nil without an access file
	publicURL  string
	prometheus bool
	emulated   bool   // the cloud is the emulator, for all profiles
	logLevel   string // instead of the settings' when it is not empty
	withNames  bool   // callers' names in metrics and traces
	metrics    *telemetry.Telemetry
	trail      *audit.Log // nil without
}

// hosting reads the flags that are the same on every transport.
func (f serveFlags) hosting(transport string) (*hosting, error) {
	policy, err := f.policy()
	if err != nil {
		return nil, err
	}
	if f.confirm != "once-only" && f.confirm != "never" {
		return nil, usageError{fmt.Errorf("--confirm takes once-only or never, not %q", f.confirm)}
	}
	return &hosting{transport: transport, policy: policy, noConfirm: f.confirm == "never", auditLog: f.auditLog, withNames: f.metricsCallers}, nil
}

// withHost starts a host for the local user at a command line, runs body and stops it.
func withHost(ctx context.Context, s *settings, std streams, body func(*host.Host, *slog.Logger) error) error {
	return withHostOf(ctx, s, &hosting{transport: "cli"}, std, body)
}

// withHostOf starts the host, and the emulator when it is asked for, runs body and stops both.
func withHostOf(ctx context.Context, s *settings, p *hosting, std streams, body func(*host.Host, *slog.Logger) error) (err error) {
	processes, err := s.processes.processes()
	if err != nil {
		return err
	}
	logger, flush, err := newLogger(std.err, cmp.Or(p.logLevel, s.logLevel))
	if err != nil {
		return err
	}
	defer flush()
	lookup := os.LookupEnv
	if s.emulator {
		cloud, err := emulator.Start(ctx, emulator.Config{Logger: logger})
		if err != nil {
			return fmt.Errorf("starting the emulator: %w", err)
		}
		defer func() { _ = cloud.Close() }() // nothing depends on how it ends
		lookup, p.emulated = overlay(cloud), true
	}
	p.metrics, err = telemetry.Start(ctx, telemetry.Options{
		Version: version, LookupEnv: os.LookupEnv, Logger: logger, Prometheus: p.prometheus, Callers: p.withNames,
	})
	if err != nil {
		return fmt.Errorf("starting telemetry: %w", err)
	}
	defer func() { _ = p.metrics.Shutdown(context.WithoutCancel(ctx)) }() // it has said what it could not send
	var h *host.Host
	p.trail, err = p.openAudit(logger, func(text string) string { return h.Redact(text) }) // nothing is written before the host is there
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.trail.Close()) }()
	h, err = host.Start(ctx, host.Config{
		PluginsDir: s.pluginsDir, DataDir: s.dataDir, Version: version, Logger: logger, LookupEnv: lookup, StartGrace: s.startGrace, WaitForAll: s.waitForAll, Quiet: s.quiet, Plugins: processes,
		PreviewCommand: previewsOfHost(logger), MinFree: uint64(s.minFree), Retention: s.retention(),
		Profile: p.profiles(lookup), Stands: p.stands(), Policy: p.policy, NoConfirm: p.noConfirm, PublicURL: p.publicURL,
		Telemetry: p.metrics, Audit: p.trail, Transport: p.transport,
	})
	if err != nil {
		return err
	}
	defer h.Close()
	if err := ctx.Err(); err != nil {
		return err // interrupted while the plugins were starting
	}
	warnUnmatched(p.policy, h, logger)
	return body(h, logger)
}

func (p *hosting) openAudit(logger *slog.Logger, redact func(string) string) (*audit.Log, error) {
	if p.auditLog == "" {
		return nil, nil //nolint:nilnil // a nil log writes nothing
	}
	trail, err := audit.Open(audit.Config{Path: p.auditLog, Logger: logger, Redact: redact})
	if err != nil {
		return nil, usageError{fmt.Errorf("--audit-log: %w", err)}
	}
	return trail, nil
}

// stands tells the host whose work may go on; nil without an access file.
func (p *hosting) stands() func(access.Caller) bool {
	if p.gate == nil {
		return nil
	}
	return p.gate.Stands
}

// profiles gives the host the credential profiles of the access file; nil without one.
func (p *hosting) profiles(base func(string) (string, bool)) func(string) (func(string) (string, bool), string, error) {
	if p.gate == nil {
		return nil
	}
	return func(name string) (func(string) (string, bool), string, error) {
		profile, fingerprint, known := p.gate.Profile(name)
		if !known {
			return nil, "", fmt.Errorf("the access file has no profile %q", name)
		}
		if p.emulated {
			return base, fingerprint, nil // no profile's real key goes to the emulator, and no call to the real cloud
		}
		return profile.LookupEnv(base), fingerprint, nil
	}
}
