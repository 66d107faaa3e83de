package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
)

// memory judges the most that any process had resident.
func (t *trial) memory(context.Context) (string, error) {
	if t.peak == 0 {
		return "", skip("how much memory a process had is known on Linux only")
	}
	used, allowed := t.peak>>20, t.allowedMemory()>>20
	if used > allowed {
		return "", fmt.Errorf("it had %d MiB of memory, and it may have %d; use less, or declare memory_mib in the permissions", used, allowed)
	}
	return fmt.Sprintf("at most %d MiB of %d", used, allowed), nil
}

// standardOutput judges what came behind the handshakes until now.
func (t *trial) standardOutput(context.Context) (string, error) {
	if t.noise == "" && t.plugin != nil {
		if _, size := t.plugin.stdout.after.since(0); size > 0 {
			t.noise = t.plugin.stdout.after.quote()
		}
	}
	if t.noise != "" {
		return "", fmt.Errorf("something follows the handshake on standard output (%s); write it to standard error", t.noise)
	}
	return "", nil
}

// drain asks the plugin to take no more calls.
func (t *trial) drain(ctx context.Context) (string, error) {
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	if _, err := p.client.Drain(ctx, &pluginv1.DrainRequest{}); err != nil {
		return "", fmt.Errorf("%w; implement the rpc Drain: refuse new calls, and cancel those that run", p.explain(ctx, err))
	}
	if p.hasEnded(ctx, drainWait) {
		return "", p.describeEnd("when it was drained; it should live until the host ends it, for answers are still on their way")
	}
	name := t.harmless()
	if name == "" {
		return "no call was tried, for it has no tool that is read-only or idempotent", nil
	}
	_, err = t.call(ctx, p, name, []byte("["))
	switch code := status.Code(err); {
	case err == nil:
		return "", errors.New("it still took a call; refuse new ones with the status Unavailable")
	case code == codes.Unavailable && !p.isDead():
		return "", nil
	}
	return "", fmt.Errorf("a call was not refused with the status Unavailable, but: %w", p.answerOf(ctx, err))
}

// drainWait is how long a drained process is watched.
const drainWait = 200 * time.Millisecond

// shutdown ends the process as go-plugin does.
func (t *trial) shutdown(ctx context.Context) (string, error) {
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	asking, cancel := context.WithTimeout(ctx, t.limits.sign)
	defer cancel()
	if err := p.askToEnd(asking); err != nil {
		return "", fmt.Errorf("%w; serve plugin.GRPCController, whose Shutdown ends the process", p.explain(asking, err))
	}
	return t.over(ctx, p, "it was asked to")
}

// standardInput ends the process as the death of its host does.
func (t *trial) standardInput(ctx context.Context) (string, error) {
	p, err := t.fresh(ctx)
	if err != nil {
		return "", err
	}
	if err := p.stdin.Close(); err != nil {
		return "", fmt.Errorf("closing its standard input: %w", err)
	}
	return t.over(ctx, p, "its standard input was closed; read it to its end when MCP_SERVER_PLUGIN_STDIN is 1, and exit then")
}

// over waits for the process to end, and notes what is left of it.
func (t *trial) over(ctx context.Context, p *instance, after string) (string, error) {
	began := time.Now()
	timer := time.NewTimer(t.limits.end)
	defer timer.Stop()
	select {
	case <-p.dead:
	case <-timer.C:
		return "", fmt.Errorf("it still runs %s after %s", t.limits.end, after)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	took := time.Since(began)
	<-p.exited // soon: what is left gets a moment
	t.ended, t.left = true, append(t.left, p.left...)
	return fmt.Sprintf("it ended after %s", took.Round(time.Millisecond)), nil
}

// nothingLeft judges the ends before.
func (t *trial) nothingLeft(context.Context) (string, error) {
	switch {
	case !t.ended:
		return "", skip("it never ended by itself")
	case len(t.left) > 0:
		return "", fmt.Errorf("it left processes behind: %s; end them before the plugin ends", strings.Join(t.left, ", "))
	}
	return "", nil
}

// killed kills the process, in the middle of a call if it may be called, and starts it again.
func (t *trial) killed(ctx context.Context) (string, error) {
	p, err := t.fresh(ctx)
	if err != nil {
		return "", err
	}
	remark := "no call was cut off, for there is none that may be made twice"
	if t.tool != nil && t.tool.repeatable() {
		remark = ""
		_, answered := t.begin(ctx, p)
		defer func() { <-answered }() // it ends with the process
	}
	p.kill()
	<-p.exited
	next, err := t.fresh(ctx)
	if err != nil {
		return "", err
	}
	return remark, t.lives(ctx, next, "a start that followed a kill")
}
