package preview

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"mcp-server/sdk"
)

const (
	maxReply    = 2 << 20
	maxStderr   = 16 << 10
	closingTime = time.Second // for the pipes of a child that is gone
)

// run starts a child for one request and returns its answer. The context's end kills the child.
func (r Reader) run(ctx context.Context, file *os.File, q request) (reply, error) {
	if len(r.Command) == 0 {
		return reply{}, errNoProgram
	}
	argument, err := json.Marshal(q)
	if err != nil {
		return reply{}, err
	}
	folder, err := os.MkdirTemp(r.TempDir, "preview-")
	if err != nil {
		return reply{}, fmt.Errorf("making a folder for the reading process: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // what stays is swept with the folder around it
	stdout, stderr := head{most: maxReply}, head{most: maxStderr}
	command := append(append([]string{}, r.Command...), string(argument))
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = file, &stdout, &stderr
	child.Dir, child.Env = folder, environment(folder)
	child.SysProcAttr, child.WaitDelay = childAttributes(), closingTime
	if err := child.Start(); err != nil {
		return reply{}, fmt.Errorf("starting the reading process: %w", err)
	}
	if err := child.Wait(); err != nil {
		return reply{}, verdict(ctx, child, err, string(stderr.kept))
	}
	return decode(stdout)
}

func environment(folder string) []string {
	return []string{"TMPDIR=" + folder, "TMP=" + folder, "TEMP=" + folder} // os/exec adds what Windows needs
}

// verdict says why a child gave no answer.
func verdict(ctx context.Context, child *exec.Cmd, err error, stderr string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	state := child.ProcessState.String()
	for _, sign := range outOfMemory() {
		if strings.Contains(stderr, sign) {
			return errMemory
		}
	}
	switch {
	case strings.Contains(stderr, "SIGXCPU"), strings.Contains(state, "time limit"):
		return errTime
	case strings.Contains(state, "signal: killed"): // not by us, so by the system, for memory
		return errMemory
	}
	first, _, _ := strings.Cut(stderr, "\n")
	return fmt.Errorf("%w: %w: %s", errNonsense, err, first)
}

// outOfMemory is what the runtimes of Go and C say at their end when they get no more memory, some of it only for the
// stack of a thread. The second is the race detector's.
func outOfMemory() []string {
	return []string{
		"out of memory", "failed to allocate", "cannot allocate memory", "cannot map pages", "cannot reserve",
		"failed to create new OS thread", "pthread_create failed",
	}
}

func decode(stdout head) (reply, error) {
	if stdout.cut {
		return reply{}, fmt.Errorf("%w: it is longer than %d bytes", errNonsense, maxReply)
	}
	var answer reply
	decoder := json.NewDecoder(bytes.NewReader(stdout.kept))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&answer); err != nil {
		return reply{}, fmt.Errorf("%w: %w", errNonsense, err)
	}
	if e := answer.Error; e != nil {
		return reply{}, &sdk.Error{Code: e.Code, Source: e.Source, Message: e.Message}
	}
	return answer, nil
}

// head keeps the beginning of what is written to it. The rest is read all the same, so that no child hangs on a full pipe.
type head struct {
	kept []byte
	most int
	cut  bool
}

func (h *head) Write(p []byte) (int, error) {
	room := min(len(p), h.most-len(h.kept))
	h.kept = append(h.kept, p[:room]...)
	h.cut = h.cut || room < len(p)
	return len(p), nil
}
