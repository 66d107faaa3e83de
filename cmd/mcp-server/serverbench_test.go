package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/access/accesstest"
	"mcp-server/internal/emulator"
)

// bench is the real server on one of its transports, in a process of its own, with plugins that a test chooses.
type bench struct {
	process *exec.Cmd
	cloud   *emulator.Emulator
	data    string
	plugins string
	url     string // of the MCP endpoint; empty on standard input and output
	log     *syncBuffer
	stdin   io.WriteCloser
	stdout  io.ReadCloser
	ended   chan struct{}
}

// benchOptions are what a test's server differs in.
type benchOptions struct {
	http    bool
	cloud   *emulator.Emulator // a new one when nil
	data    string             // a new folder when empty
	access  string             // the access file of a server on HTTP
	plugins []string           // conformance, fixture or many-<x> beside the real ones
	args    []string
}

// startBench starts a server; one on HTTP serves when it returns.
func startBench(t *testing.T, o benchOptions) *bench {
	t.Helper()
	s := &bench{cloud: o.cloud, data: o.data, plugins: pluginFolder(t, o.plugins...), log: &syncBuffer{}, ended: make(chan struct{})}
	if s.cloud == nil {
		s.cloud = startCloud(t, emulator.Config{})
	}
	if s.data == "" {
		s.data = t.TempDir()
	}
	args := append([]string{"serve", "--plugins", s.plugins, "--log-level", "info"}, o.args...)
	if o.http {
		args = append(args, "--http", "127.0.0.1:0")
	}
	if o.access != "" {
		args = append(args, "--access", accesstest.File(t, "access.yaml", o.access))
	}
	s.process = exec.CommandContext(context.Background(), serverBinary(), args...)
	s.process.Env = append(s.cloud.Environment(), "HOME="+t.TempDir(), sharedCache(), "TMPDIR="+shortTempDir(t), "HUAWEICLOUD_METADATA_ENDPOINT=off", dataDir(s.data))
	s.process.Stderr = s.log
	var err error
	if !o.http {
		if s.stdin, err = s.process.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		reader, writer, err := os.Pipe() // Wait must not close it before all is read
		if err != nil {
			t.Fatal(err)
		}
		s.process.Stdout, s.stdout = writer, reader
		defer func() { _ = writer.Close() }()
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process
		_ = s.process.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.process.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("the server's log:\n%.20000s", s.log)
		}
	})
	if o.http {
		waitFor(t, "the server to serve", func() bool { return s.isServing(t) })
	}
	return s
}

func (s *bench) isServing(t *testing.T) bool {
	t.Helper()
	select {
	case <-s.ended:
		t.Fatalf("the server has ended:\n%s", s.log)
	default:
	}
	for text := range strings.Lines(s.log.String()) {
		var line struct{ Msg, Address string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "serving on HTTP" {
			s.url = "http://" + line.Address + "/mcp"
			return true
		}
	}
	return false
}

// pluginFolder holds the real plugins, as links, and others, as copies: each of those is called what its file is called.
func pluginFolder(t *testing.T, others ...string) string {
	t.Helper()
	if len(others) == 0 {
		return pluginsDir()
	}
	dir := t.TempDir()
	entries, err := os.ReadDir(pluginsDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(pluginsDir(), e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range others {
		from := name
		if strings.HasPrefix(name, "many-") {
			from = "fixture"
		}
		install(t, from, filepath.Join(dir, name))
	}
	return dir
}
