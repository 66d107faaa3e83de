package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mcp-server/internal/host"
)

// oneCallGrace is longer than a start may take: nobody comes back for a plugin that was slow.
const oneCallGrace = 15 * time.Second

func newCallCommand(s *settings, std streams) *cobra.Command {
	var arguments string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "call TOOL",
		Short: "Call one tool; the result goes to standard output, progress to standard error",
		Long: `Call one tool. The result goes to standard output, progress to standard error.

Exit codes: 0 done, 1 the tool answered with an error, 2 wrong usage or arguments,
3 a plugin or the host failed or --timeout ran out, 4 the cloud refused (authentication or permission), 130 interrupted.`,
		Example: `  mcp-server call rfs_list_templates --emulator
  mcp-server call rfs_list_templates --args '{"limit": 10}' -o json
  echo '{"limit": 10}' | mcp-server call rfs_list_templates --args -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("call takes the name of one tool; see mcp-server tools")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			if timeout < 0 || timeout == 0 && c.Flags().Changed("timeout") {
				return usageError{fmt.Errorf("--timeout takes a time above 0, such as 90s, not %s; without it the tool's own limit holds", timeout)}
			}
			raw, err := readArguments(c.Context(), arguments, std.in)
			if err != nil {
				return err
			}
			s.startGrace = time.Nanosecond // what is not known comes while the call waits for it
			return withHost(c.Context(), s, std, func(h *host.Host, _ *slog.Logger) error {
				ctx, cancel := c.Context(), func() {}
				if timeout > 0 {
					ctx, cancel = context.WithTimeout(ctx, timeout)
				}
				defer cancel()
				return callOnce(ctx, h, host.Request{Name: args[0], Arguments: raw}, std, asJSON)
			})
		},
	}
	c.Flags().StringVar(&arguments, "args", "{}", "the arguments as a JSON object; @FILE reads a file, - standard input")
	c.Flags().DurationVar(&timeout, "timeout", 0, "end the call after this time, such as 90s; by default the tool's own limit holds")
	addStoreFlags(c.Flags(), s)
	addProcessFlags(c.Flags(), &s.processes)
	addEmulatorFlag(c, s)
	addOutputFlag(c, s)
	return c
}

// callOnce calls one tool; its progress goes to the standard error, its result to the standard output.
func callOnce(ctx context.Context, h *host.Host, r host.Request, std streams, asJSON bool) error {
	waiting, cancel := context.WithTimeout(ctx, oneCallGrace)
	h.Await(waiting, r.Name)
	cancel()
	r.Progress = newProgressLines(std.err).print
	result, err := h.Call(ctx, r)
	if err != nil {
		return err
	}
	return printResult(std.out, asJSON, result)
}

func readArguments(ctx context.Context, value string, in io.Reader) (json.RawMessage, error) {
	if value == "-" {
		return readAll(ctx, in)
	}
	if path, isFile := strings.CutPrefix(value, "@"); isFile {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, usageError{fmt.Errorf("reading the arguments: %w", err)}
		}
		return raw, nil
	}
	return json.RawMessage(value), nil
}

// readAll reads until the end, or until the context is done: a terminal's input may never end.
func readAll(ctx context.Context, in io.Reader) (json.RawMessage, error) {
	type read struct {
		text []byte
		err  error
	}
	all := make(chan read, 1)
	go func() { // ends with the input, or with the process
		text, err := io.ReadAll(in)
		all <- read{text, err}
	}()
	select {
	case r := <-all:
		if r.err != nil {
			return nil, fmt.Errorf("reading the arguments: %w", r.err)
		}
		return bytes.TrimPrefix(r.text, []byte("\ufeff")), nil // some editors begin a file with a byte order mark
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func printResult(out io.Writer, asJSON bool, r host.Result) error {
	if asJSON {
		_, err := fmt.Fprintf(out, "%s\n", r.Structured)
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, r.Structured, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s\n", indented.Bytes())
	return err
}
