package supervisor

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
)

// BenchmarkRecover measures the way back to a good call after the process was killed: when nobody called it, and in the
// middle of a call, from the kill on.
func BenchmarkRecover(b *testing.B) {
	path, err := builtLauncher()
	if err != nil {
		b.Fatal(err)
	}
	for name, launcher := range map[string]string{"direct": "", "bounded": path} {
		b.Run(name+"/idle", func(b *testing.B) { benchmark(b, launcher, killIdle) })
		b.Run(name+"/call", func(b *testing.B) { benchmark(b, launcher, killCall) })
	}
}

func benchmark(b *testing.B, launcher string, kill func(*testing.B, *Plugin) time.Time) {
	dir, err := os.MkdirTemp("", "sv")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := Open(Config{RuntimeDir: dir, Launcher: launcher})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	binary := pluginfolder.Binary{Name: "kitchen", Path: filepath.Join(dir, "kitchen")}
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, binary.Path)
	}
	if err != nil {
		b.Fatal(err)
	}
	d, err := s.Describe(b.Context(), binary)
	if err != nil {
		b.Fatal(err)
	}
	p := s.Plugin(binary, Known{Manifest: d.Manifest, SHA256: d.SHA256})
	echo(b, p)
	var took []time.Duration
	for b.Loop() {
		began := kill(b, p)
		echo(b, p)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func echo(b *testing.B, p *Plugin) {
	b.Helper()
	if _, err := p.Call(b.Context(), Request{Tool: "echo", Arguments: json.RawMessage(`{"text":"x"}`), CallID: "c"}, noEvents); err != nil {
		b.Fatal(err)
	}
}

func killIdle(b *testing.B, p *Plugin) time.Time {
	b.Helper()
	if err := syscall.Kill(p.Status().PID, syscall.SIGKILL); err != nil {
		b.Fatal(err)
	}
	return time.Now()
}

// killCall returns, when the call that was cut has its answer, when it was killed.
func killCall(b *testing.B, p *Plugin) time.Time {
	b.Helper()
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := p.Call(context.Background(), Request{Tool: "stubborn", CallID: "s"}, pluginv1.Events{Progress: func(*pluginv1.Progress) { close(begun) }})
		ended <- err
	}()
	<-begun
	killed := killIdle(b, p)
	if err := <-ended; err == nil {
		b.Fatal("the call has a result")
	}
	return killed
}
