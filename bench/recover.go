package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// recovery is one run of the benchmark of kill -9 on a plugin, with the times of what followed.
type recovery struct {
	session *session
	usual   []time.Duration // a call with nothing killed
	idle    []time.Duration // from the kill of a plugin that had nothing to do to the first good answer
	cut     []time.Duration // from the kill to the answer of the call that it cut
	after   []time.Duration // from there to the first good answer
	abreast []time.Duration // 16 calls of 200 ms at once
	failed  int             // cut calls that were answered with an error
	refused int             // other calls that were
}

// abreast is how many calls sleep at once, and how long.
const (
	abreast = 16
	asleep  = 200 * time.Millisecond
)

// measureRecovery kills a plugin's process between and in the middle of calls. It needs Linux, to find the process.
func measureRecovery(out io.Writer, rounds int) (err error) {
	dir, remove, err := buildAside()
	if err != nil {
		return err
	}
	defer remove()
	r := &recovery{}
	r.session, err = open([]string{filepath.Join(dir, "mcp-server"), "serve", "--log-level", "error", "--data-dir", filepath.Join(dir, "data"),
		"--plugins", filepath.Join(dir, "echo")}, []string{"XDG_CACHE_HOME=" + filepath.Join(dir, "cache")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.session.close()) }()
	if _, err := r.timed(); err != nil { // the first start
		return err
	}
	for n := range rounds {
		if err := r.round(); err != nil {
			return fmt.Errorf("round %d: %w", n+1, err)
		}
	}
	_, err = fmt.Fprintf(out, "%s; %d rounds of kill -9\n\n%s%s%s%s%s%d of %d cut calls were answered with an error, and %d others; none was left without an answer\n",
		about(), rounds, spread("a call, nothing killed", r.usual), spread("idle kill: the next good call", r.idle),
		spread("kill in a call: its answer", r.cut), spread("and the next good call", r.after),
		spread(fmt.Sprintf("%d calls of %v at once", abreast, asleep), r.abreast), r.failed, rounds, r.refused)
	return err
}

func (r *recovery) round() error {
	for _, step := range []struct {
		into *[]time.Duration
		do   func() (time.Duration, error)
	}{{&r.usual, r.timed}, {&r.idle, r.idleKill}, {&r.cut, r.cutCall}, {&r.after, r.timed}, {&r.abreast, r.together}} {
		took, err := step.do()
		if err != nil {
			return err
		}
		*step.into = append(*step.into, took)
	}
	return nil
}

// timed is the time to the first good answer. A call may fail where it meets the plugin's end, and is made again.
func (r *recovery) timed() (time.Duration, error) {
	begin := time.Now()
	var line []byte
	var err error
	for range 1000 {
		if err = r.session.send("tools/call", toolCall(echoName+"_echo", `{"text":"the quick brown fox jumps over the lazy dog"}`)); err != nil {
			return 0, err
		}
		if line, err = r.session.answer(); err != nil {
			return 0, err
		}
		if !isFailure(line) {
			return time.Since(begin), nil
		}
		r.refused++
	}
	return 0, fmt.Errorf("no call succeeds any more: %.500s", line)
}

// idleKill times the call that comes when the host may not yet have noticed.
func (r *recovery) idleKill() (time.Duration, error) {
	if err := r.kill(); err != nil {
		return 0, err
	}
	return r.timed()
}

// cutCall kills the plugin in the middle of a call and times its answer.
func (r *recovery) cutCall() (time.Duration, error) {
	if err := r.session.send("tools/call", toolCall(echoName+"_sleep", `{"milliseconds":30000}`)); err != nil {
		return 0, err
	}
	if err := r.session.await("asleep"); err != nil {
		return 0, err
	}
	if err := r.kill(); err != nil {
		return 0, err
	}
	begin := time.Now()
	line, err := r.session.answer()
	if err == nil && isFailure(line) {
		r.failed++
	}
	return time.Since(begin), err
}

func (r *recovery) kill() error {
	plugin, err := childOf(r.session.process.Process.Pid, echoName)
	if err != nil {
		return err
	}
	process, err := os.FindProcess(int(plugin))
	if err != nil {
		return err
	}
	return process.Kill()
}

func (r *recovery) together() (time.Duration, error) {
	begin := time.Now()
	for range abreast {
		if err := r.session.send("tools/call", toolCall(echoName+"_sleep", fmt.Sprintf(`{"milliseconds":%d}`, asleep.Milliseconds()))); err != nil {
			return 0, err
		}
	}
	for range abreast {
		line, err := r.session.answer()
		if err != nil {
			return 0, err
		}
		if isFailure(line) {
			return 0, fmt.Errorf("unexpected answer: %.500s", line)
		}
	}
	return time.Since(begin), nil
}

func spread(what string, list []time.Duration) string {
	sorted := slices.Sorted(slices.Values(list))
	at := func(percent int) time.Duration {
		return sorted[(len(sorted)-1)*percent/100].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("%-32s p50 %8s   p99 %8s   most %8s\n", what, at(50), at(99), at(100))
}
