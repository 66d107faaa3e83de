package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/emulator"
	"mcp-server/internal/host"
)

// withHost starts the host, and the emulator when it is asked for, runs body and stops both.
func withHost(ctx context.Context, s *settings, std streams, body func(*host.Host, *slog.Logger) error) error {
	logger, flush, err := newLogger(std.err, s.logLevel)
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
		lookup = overlay(cloud)
	}
	h, err := host.Start(ctx, host.Config{
		PluginsDir: s.pluginsDir, DataDir: s.dataDir, Version: version, Logger: logger, LookupEnv: lookup, StartGrace: s.startGrace,
		PreviewCommand: previewCommand(), MinFree: uint64(s.minFree), Retention: s.retention(),
	})
	if err != nil {
		return err
	}
	defer h.Close()
	if err := ctx.Err(); err != nil {
		return err // interrupted while the plugins were starting
	}
	return body(h, logger)
}

// overlay looks the cloud's variables up at the emulator and all others in the process environment, so that no real
// credential is ever sent to the emulator.
func overlay(cloud *emulator.Emulator) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if strings.HasPrefix(name, "HUAWEICLOUD_") {
			value := cloud.Getenv(name)
			return value, value != ""
		}
		return os.LookupEnv(name)
	}
}

func addEmulatorFlag(c *cobra.Command, s *settings) {
	c.Flags().BoolVar(&s.emulator, "emulator", false, "use a built-in emulator of the cloud; no account is needed")
}

func addOutputFlag(c *cobra.Command, s *settings) {
	c.Flags().StringVarP(&s.output, "output", "o", "text", "text for people, json for programs")
}

// wantsJSON reads the value of --output.
func (s *settings) wantsJSON() (bool, error) {
	switch s.output {
	case "json":
		return true, nil
	case "text":
		return false, nil
	}
	return false, usageError{fmt.Errorf("the output format %q is not known; use text or json", s.output)}
}
