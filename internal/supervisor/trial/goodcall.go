package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/sdk"
)

// goodCall is what was seen of the one call that should succeed.
type goodCall struct {
	right    bool
	plugin   *instance // which logged it
	marks    [2]int    // how much the process had written before, to standard error and where go-plugin reads
	first    string    // the name of the first event
	done     float64   // the last progress
	problems []error
	staging  string
	logs     bytes.Buffer // log lines and progress messages that came as events
	refusals int          // of connections, before
}

// goodCall calls the tool, and checks all that it says against what it described.
func (t *trial) goodCall(ctx context.Context) (string, error) {
	p, err := t.fresh(ctx)
	if err != nil {
		return "", err
	}
	start := t.startOf(t.tool.Name, t.Arguments)
	g := &goodCall{plugin: p, staging: start.GetStagingDir(), refusals: len(t.refused())}
	t.good = g
	g.marks[0], g.marks[1] = p.stderr.size(), p.printed.size()
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, t.limits.call, fmt.Errorf("it did not answer within %s", t.limits.call))
	defer cancel()
	result, err := t.watched(ctx, p, func(ctx context.Context) ([]byte, error) {
		return pluginv1.Invoke(ctx, p.client, start, g.events())
	})
	if err != nil {
		return "", errors.Join(append(g.problems, err)...)
	}
	if err := fits(t.tool.output, result); err != nil {
		g.problems = append(g.problems, fmt.Errorf("the result does not fit the output schema: %w", err))
	}
	if t.manifest.Acknowledges && !t.tool.repeatable() && g.first != "begun" {
		g.problems = append(g.problems, errors.New("the event Begun must come first in a call that must not be repeated, for the manifest says acknowledges"))
	}
	if err := t.lives(ctx, p, "the call"); err != nil {
		g.problems = append(g.problems, err)
	}
	g.right = len(g.problems) == 0
	return fmt.Sprintf("it took %s", time.Since(began).Round(time.Millisecond)), errors.Join(g.problems...)
}

// watched makes a call, and ends it when the process gives no sign of life meanwhile.
func (t *trial) watched(ctx context.Context, p *instance, call func(context.Context) ([]byte, error)) ([]byte, error) {
	ctx, end := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer end(nil)
	watch.Go(func() { // until the call ends
		tick := time.NewTicker(t.limits.sign / 5)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			asked, cancel := context.WithTimeout(ctx, t.limits.sign)
			_ = p.serving(asked) // any answer is a sign
			if asked.Err() != nil && ctx.Err() == nil {
				end(fmt.Errorf("during the call it gave no sign of life for %s; answer health checks beside the calls", t.limits.sign))
			}
			cancel()
		}
	})
	result, err := call(ctx)
	if err != nil {
		return nil, p.answerOf(ctx, err)
	}
	return result, nil
}

// events notes what the plugin says. All but questions are told in order, from the goroutine of the call.
func (g *goodCall) events() pluginv1.Events {
	return pluginv1.Events{
		Begun: func(*pluginv1.Begun) { g.note("begun") },
		Progress: func(e *pluginv1.Progress) {
			g.note("progress")
			if e.GetDone() < g.done {
				g.problems = append(g.problems, fmt.Errorf("the progress falls from %g to %g; it may only rise", g.done, e.GetDone()))
			}
			g.done = e.GetDone()
			_, _ = fmt.Fprintln(&g.logs, e.GetMessage())
		},
		Log: func(e *pluginv1.Log) {
			g.note("log")
			_, _ = fmt.Fprintf(&g.logs, "%s %s\n", e.GetMessage(), e.GetAttributes())
		},
		File: func(_ context.Context, e *pluginv1.File) *pluginv1.FileReply {
			g.note("file")
			reply, err := g.take(e)
			if err != nil {
				g.problems = append(g.problems, err)
				return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Error{Error: refusal(sdk.CodeInvalidArgument, err.Error())}}
			}
			return reply
		},
		Claim: func(context.Context, *pluginv1.Claim) *pluginv1.ClaimReply {
			g.note("claim")
			return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Error{Error: refusal(sdk.CodeFailedPrecondition,
				"a trial keeps nothing, so it does not fetch what is handed out only once; give arguments that need no claim")}}
		},
		Background:   func(*pluginv1.Background) { g.note("background") },
		CloudRequest: func(*pluginv1.CloudRequest) { g.note("cloud request") },
		Listing:      func(*pluginv1.Listing) { g.note("listing") },
		Updated:      func(*pluginv1.Updated) { g.note("updated") },
	}
}

func (g *goodCall) note(event string) {
	if g.first == "" {
		g.first = event
	}
}

func refusal(code sdk.Code, message string) *pluginv1.Error {
	return &pluginv1.Error{Code: string(code), Source: string(sdk.SourceHost), Message: message}
}

// connections names what the call tried to reach and was not declared.
func (t *trial) connections(context.Context) (string, error) {
	if t.good == nil {
		return "", skip("there was no call")
	}
	var problems []error
	for _, e := range t.refused()[t.good.refusals:] {
		problems = append(problems, fmt.Errorf("the connection to %s, port %d, was refused: %s; declare the host in the permissions, or do without it",
			visible.Quote(e.Host, 100), e.Port, visible.Quote(e.Refused, wordsBytes)))
	}
	if len(problems) > 0 {
		return "", errors.Join(problems...)
	}
	switch {
	case t.Launcher == "":
		return "only connections through the proxy were seen, for there is no launcher that keeps it from others", nil
	case !t.good.right:
		return "connections past the proxy are refused by the kernel and not seen here; use the proxy for every host, loopback too", nil
	}
	return "", nil
}

// logVolume judges what was logged between the call's beginning and now.
func (t *trial) logVolume(ctx context.Context) (string, error) {
	g := t.good
	if g == nil {
		return "", skip("there was no call")
	}
	select { // what was written last may be on its way
	case <-time.After(logWait):
	case <-ctx.Done():
	}
	stderr, written := g.plugin.stderr.since(g.marks[0])
	printed, more := g.plugin.printed.since(g.marks[1])
	size := written + more + g.logs.Len()
	if size > logBytes {
		return "", fmt.Errorf("it logged %d bytes in one call; a host keeps a part of that at most, so stay below %d", size, logBytes)
	}
	text := string(stderr) + string(printed) + g.logs.String()
	for _, v := range t.manifest.Permissions.Environment {
		value := t.Environment[v.Name]
		if v.Secret && len(value) >= minSecret && strings.Contains(text, value) {
			return "", fmt.Errorf("the value of %s is in what it logs; leave secrets out of every line", v.Name)
		}
	}
	return fmt.Sprintf("%d bytes", size), nil
}

const (
	// logBytes is how much one call may log.
	logBytes = 1 << 20
	logWait  = 100 * time.Millisecond
	// minSecret is the shortest value that is looked for; hosts remove none that is shorter.
	minSecret = 6
)
