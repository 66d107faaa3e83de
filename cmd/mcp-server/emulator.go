package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/emulator"
)

// otherCredentials would go before, or beside, the emulator's own.
const otherCredentials = "HUAWEICLOUD_AUTH_TOKEN HUAWEICLOUD_SDK_SECURITY_TOKEN HUAWEICLOUD_USER_NAME HUAWEICLOUD_USER_PASSWORD"

func newEmulatorCommand(s *settings, std streams) *cobra.Command {
	var cfg emulator.Config
	var faults []string
	c := &cobra.Command{
		Use:   "emulator",
		Short: "Run the emulator of the cloud alone, on loopback, and print the environment that leads to it",
		Long: `Run the emulator of Huawei Cloud alone: HTAP, DRS, RFS, ROMA, IAM and OBS on loopback, with made-up
credentials. It prints the environment variables that lead plugins and SDKs to it, to paste into another terminal (as
JSON with -o json), and runs until it is interrupted.

A fault is SERVICE:KIND[=NUMBER][:TIMES], for example drs:throttle:2, roma:status=503 or obs:truncate=1000.
The services are htap, drs, rfs, roma, iam, obs and * for all; the kinds are status, html, empty, throttle, gone,
expired-link, truncate, stall, reset, cut, wrong-type and slow.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			logger, flush, err := newLogger(std.err, s.logLevel)
			if err != nil {
				return err
			}
			defer flush()
			parsed := make([]emulator.Fault, len(faults))
			for i, text := range faults {
				if parsed[i], err = emulator.ParseFault(text); err != nil {
					return usageError{err}
				}
			}
			cfg.Logger = logger
			cloud, err := emulator.Start(c.Context(), cfg)
			if err != nil {
				return usageError{err}
			}
			cloud.SetFaults(parsed...)
			if err := printEnvironment(std.out, asJSON, cloud.Environment()); err != nil {
				return errors.Join(err, cloud.Close())
			}
			<-c.Context().Done()
			return cloud.Close()
		},
	}
	addOutputFlag(c, s)
	flags := c.Flags()
	flags.StringVar(&cfg.Addr, "addr", "127.0.0.1:0", "address of the first service; the others take the next ports")
	flags.StringArrayVar(&faults, "fault", nil, "a fault to show, such as drs:throttle:2; may be repeated")
	flags.DurationVar(&cfg.JobDuration, "job-duration", 0, "how long an asynchronous job takes (default 600ms)")
	flags.DurationVar(&cfg.LinkTTL, "link-ttl", 0, "how long a pre-signed link is valid (default 5m)")
	flags.IntVar(&cfg.ArchiveSize, "archive-size", 0, "bytes of a ROMA archive (default 262144)")
	return c
}

func printEnvironment(out io.Writer, asJSON bool, environment []string) error {
	if asJSON {
		values := map[string]string{}
		for _, variable := range environment {
			name, value, _ := strings.Cut(variable, "=")
			values[name] = value
		}
		return writeJSON(out, values)
	}
	_, err := fmt.Fprintf(out, "unset %s\nexport %s\n", otherCredentials, strings.Join(environment, "\nexport "))
	return err
}
