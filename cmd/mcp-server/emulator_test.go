package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
)

// TestEmulatorCommand runs the emulator until it has said where it is, asks it, and interrupts it.
func TestEmulatorCommand(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"emulator", "--fault", "drs:status=503"}, streams{in: strings.NewReader(""), out: in, err: io.Discard})
		_ = in.Close()
	}()
	environment := map[string]string{}
	lines := bufio.NewScanner(out)
	for len(environment) < 10 && lines.Scan() {
		if variable, exported := strings.CutPrefix(lines.Text(), "export "); exported {
			name, value, _ := strings.Cut(variable, "=")
			environment[name] = value
		}
	}
	var samples []string
	for len(samples) < 3 && lines.Scan() {
		sample, comment := strings.CutPrefix(lines.Text(), "# ")
		if !comment {
			t.Errorf("a shell takes %q for a command", lines.Text())
		}
		samples = append(samples, sample)
	}
	if ids := strings.Join(samples, "\n"); !strings.Contains(ids, emulator.ROMAArchiveID) || !strings.Contains(ids, emulator.HTAPInstanceID) {
		t.Errorf("the samples are %s", ids)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, environment["HUAWEICLOUD_ENDPOINT_DRS"]+"/v5/p/jobs", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%v; the environment was %v", err, environment)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the fault is not in force: %s", answer.Status)
	}
	interrupt()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}
