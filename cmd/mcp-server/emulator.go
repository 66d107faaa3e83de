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

const (
	emulatorHelp = `Run the emulator of Huawei Cloud alone: HTAP, DRS, RFS, ROMA, IAM and OBS on loopback, with made-up
credentials. It prints the environment variables that lead plugins and SDKs to it, to paste into another terminal (as
JSON with -o json), and runs until it is interrupted.

A fault is SERVICE[/PATHPART]:KIND[=NUMBER][:TIMES]. The services are htap, drs, rfs, roma, iam, obs and * for all;
PATHPART chooses the requests whose path contains it; TIMES is how many requests fail, all when it is absent. The kinds:

  status=CODE    an error with that status, 500 by default
  html           502 with a page of HTML, as from a proxy
  empty          503 without a body
  throttle       429 with Retry-After: 1; obs says 503 SlowDown
  gone           no answer at all
  expired-link   obs only: 403, the link is said to be expired
  truncate=N     the body ends after N bytes, half of it by default, and the connection closes
  stall=N        nothing more comes after N bytes
  reset=N        the connection is reset after N bytes; with -1 before the header
  cut=N          every body is reset after N bytes, 65536 by default, so that a download has to go on again and again
  wrong-type     200 with an error as JSON in place of the answer
  slow           the body takes about a second

The first six answer in place of the service. The others act on what the service has done: a ROMA archive that is cut is
gone.`
	emulatorExample = `  mcp-server emulator --fault drs:throttle:2 --fault roma:status=503:1

  # An archive that is cut: one terminal shows the fault, the other one, after the printed lines, gets it.
  mcp-server emulator --fault roma/archives:truncate=1000:1
  mcp-server call roma_download_asset_archive --args '{"instance_id":"` + emulator.ROMAInstanceID + `","archive_id":"` + emulator.ROMAArchiveID + `"}'`
)

func newEmulatorCommand(s *settings, std streams) *cobra.Command {
	var cfg emulator.Config
	var faults []string
	c := &cobra.Command{
		Use:     "emulator",
		Short:   "Run the emulator of the cloud alone, on loopback, and print the environment that leads to it",
		Long:    emulatorHelp,
		Example: emulatorExample,
		Args:    noArguments,
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
	flags.StringArrayVar(&faults, "fault", nil, "a fault to show, such as drs:throttle:2 or roma/archives:truncate=1000:1; may be repeated")
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
	_, err := fmt.Fprintf(out, "unset %s\nexport %s\n# roma instance_id %s\n# roma archive_id %s\n# htap instance_id %s\n# taurusdb instance_id %s\n", otherCredentials,
		strings.Join(environment, "\nexport "), emulator.ROMAInstanceID, emulator.ROMAArchiveID, emulator.HTAPInstanceID,
		emulator.TaurusDBInstanceID)
	return err
}
