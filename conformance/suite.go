package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mcp-server/conformance/node"
	"mcp-server/conformance/process"
)

// The two ways to the server, as the page names them.
const (
	overHTTP  = "HTTP"
	overStdio = "stdio"
)

// revisions returns the revisions of MCP for which the suite has a set of requirements.
func revisions() []string { return []string{"2025-11-25", "2026-07-28"} }

// suite is the conformance suite with what it needs to know about this run.
type suite struct {
	config
	node     node.Node
	version  string              // of the suite
	gateway  string              // version of the gateway
	server   string              // version of the server
	required map[string][]demand // by revision
}

// leg is one revision over one transport: an outcome for each scenario, in the suite's order.
type leg struct {
	transport, revision string
	outcomes            []outcome
}

func newSuite(ctx context.Context, c config, server string) (*suite, error) {
	s := &suite{config: c, server: server, required: map[string][]demand{}}
	var err error
	if s.node, err = node.Find(ctx, c.node); err != nil {
		return nil, err
	}
	if s.version, err = s.node.VersionOf("@modelcontextprotocol/conformance"); err != nil {
		return nil, err
	}
	if s.gateway, err = s.node.VersionOf("supergateway"); err != nil {
		return nil, err
	}
	for _, revision := range revisions() {
		said, err := exec.CommandContext(ctx, s.node.Program, s.script(), "list", "--requirements", revision).Output()
		if err != nil {
			return nil, fmt.Errorf("asking the suite what %s requires: %w", revision, err)
		}
		if s.required[revision] = parseDemands(string(said)); len(s.required[revision]) == 0 {
			return nil, fmt.Errorf("the suite lists no scenario for %s: %s", revision, said)
		}
	}
	if err := os.RemoveAll(c.out); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *suite) script() string {
	return s.node.Script("@modelcontextprotocol/conformance/dist/index.js")
}

// judge runs every revision over one transport as often as wanted, each time with a server of its own.
func (s *suite) judge(ctx context.Context, transport string, out io.Writer) ([]leg, error) {
	legs := make([]leg, len(revisions()))
	for n, revision := range revisions() {
		legs[n] = leg{transport: transport, revision: revision}
		for turn := range s.runs {
			began := time.Now()
			outcomes, err := s.once(ctx, transport, revision, filepath.Join(s.out, fmt.Sprintf("%s-%s-%d", transport, revision, turn+1)))
			if err != nil {
				return nil, fmt.Errorf("%s, run %d: %w", revision, turn+1, err)
			}
			legs[n].outcomes = worst(legs[n].outcomes, outcomes)
			_, err = fmt.Fprintf(out, "%s %s, run %d of %d: %s in %.1f s\n", transport, revision, turn+1, s.runs, summary(outcomes), time.Since(began).Seconds())
			if err != nil {
				return nil, err
			}
		}
	}
	return legs, nil
}

// once runs the suite against a fresh server and reads its results.
func (s *suite) once(ctx context.Context, transport, revision, folder string) ([]outcome, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, err
	}
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	line := s.command(address)
	if transport == overStdio {
		line = s.gatewayLine(address)
	}
	p, err := process.Start(ctx, process.Command{Line: line, Address: address, Log: filepath.Join(folder, "server.log")})
	if err != nil {
		return nil, err
	}
	defer p.Close()
	results := filepath.Join(folder, "results")
	judging := exec.CommandContext(ctx, s.node.Program, s.script(), "server", "--url", p.URL+"/mcp", "--requirements", revision, "-o", results)
	said, err := judging.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return nil, fmt.Errorf("running the suite: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "suite.log"), said, 0o600); err != nil {
		return nil, err
	}
	return readResults(results, s.required[revision])
}

// gatewayLine puts supergateway before the server's standard input and output.
func (s *suite) gatewayLine(address string) []string {
	_, port, _ := net.SplitHostPort(address) // FreeAddress made it
	quoted := s.command("")
	for i, word := range quoted {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return []string{s.node.Program, s.node.Script("supergateway/dist/index.js"), "--stdio", strings.Join(quoted, " "),
		"--outputTransport", "streamableHttp", "--stateful", "--port", port, "--logLevel", "none"}
}

// summary says how many scenarios ended how.
func summary(outcomes []outcome) string {
	counts := map[status]int{}
	for _, o := range outcomes {
		counts[o.status]++
	}
	text := strconv.Itoa(counts[pass]) + " of " + strconv.Itoa(len(outcomes)) + " scenarios pass"
	for _, other := range []status{warn, fail, skip} {
		if counts[other] > 0 {
			text += fmt.Sprintf(", %d %s", counts[other], other)
		}
	}
	return text
}
