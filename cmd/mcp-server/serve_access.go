package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	"mcp-server/internal/access"
	"mcp-server/internal/audit"
	"mcp-server/internal/host"
)

// hangups takes SIGHUP from now on, so that it never ends the server, not even while it starts or ends.
func hangups() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	if hangup != nil {
		signal.Notify(signals, hangup)
	}
	return signals
}

// keepAccess reads the access file again at SIGHUP, and looks at what it says whenever it was read, until the returned
// function is called.
func keepAccess(gate *access.Gate, signals <-chan os.Signal, h *host.Host, logger *slog.Logger) (stop func()) {
	if gate == nil {
		return func() {}
	}
	inspectAccess(gate, h, logger)
	changed, quit := make(chan struct{}, 1), make(chan struct{})
	gate.OnChange(func() {
		select {
		case changed <- struct{}{}:
		default: // it will be looked at anyway
		}
	})
	go func() { // ends with stop
		for {
			select {
			case <-signals:
				if err := gate.Reload(); err != nil {
					logger.Error("the access file could not be read again; what was read before still counts", "err", err)
				}
			case <-changed:
				inspectAccess(gate, h, logger)
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit) }
}

// inspectAccess tells the log now what callers would otherwise find out: profiles that cannot be used, and rules that are
// misspelt.
func inspectAccess(gate *access.Gate, h *host.Host, logger *slog.Logger) {
	for _, name := range gate.Profiles() {
		_ = h.Prepare(name) // which has told the log
	}
	for _, rule := range gate.Unmatched(accessTools(h)) {
		logger.Warn("a rule of the access file matches no tool", "rule", rule, "advice", "mcp-server tools lists the names")
	}
}

// warnUnmatched does the same for the rules of the flags.
func warnUnmatched(policy access.Policy, h *host.Host, logger *slog.Logger) {
	for _, rule := range policy.Unmatched(accessTools(h)) {
		logger.Warn("a rule of --allow-tool or --deny-tool matches no tool", "rule", rule.String(), "advice", "mcp-server tools lists the names")
	}
}

func accessTools(h *host.Host) (tools []access.Tool) {
	for _, t := range h.Tools() {
		tools = append(tools, access.Tool{
			Name: t.Name, Plugin: t.Plugin,
			ReadOnly: t.Hints.ReadOnly, Destructive: t.Hints.Destructive, Idempotent: t.Hints.Idempotent, OpenWorld: t.Hints.OpenWorld,
		})
	}
	return tools
}

// readiness joins what /readyz asks: that there are tools, and that the audit log can be opened. An access file with a mistake
// is no reason, because the one before it still counts, and would take every replica away at once; the log reminds of it.
func readiness(h *host.Host, trail *audit.Log) func() error {
	return func() error {
		err := trail.Reachable()
		if err != nil {
			err = fmt.Errorf("the audit log: %w", err)
		}
		return errors.Join(h.Ready(), err)
	}
}
