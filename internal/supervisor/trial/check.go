package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mcp-server/internal/supervisor/visible"
)

// check is one thing that is tried.
type check struct {
	name, about string
	needs       need
	// run returns what is wrong, or a skip; after a success the text may hold a remark.
	run func(*trial, context.Context) (string, error)
}

// need is what a check cannot do without.
type need int

const (
	nothing    need = iota
	process         // it can be started
	called          // a tool and its arguments are given
	repeatable      // that tool may be called more than once
	burst           // and its one good call was right
)

// skip is why a check says nothing.
type skip string

func (s skip) Error() string { return string(s) }

// checks are all of them, from outside to inside, and then to the end.
func checks() []check {
	return []check{
		{"by_hand", "started by hand it says what it is and ends with an error", nothing, (*trial).byHand},
		{"handshake", "the handshake comes in time, and is the first line on its standard output", nothing, (*trial).handshake},
		{"describe", "it describes itself in the same bytes every time", process, (*trial).describe},
		{"manifest", "what it describes is something that hosts and clients take", process, (*trial).judge},
		{"describe_command", "run with the argument describe it prints the same description", process, (*trial).describeCommand},
		{"configure", "it takes an empty configuration, and a second one", process, (*trial).configure},
		{"health", "the health service answers", process, (*trial).health},
		{"unknown_tool", "the call of a tool that it does not have is refused", process, (*trial).unknownTool},
		{"bad_arguments", "arguments that are no JSON are refused", process, (*trial).badArguments},
		{"large_arguments", "a message of 5 MiB reaches it", process, (*trial).largeArguments},
		{"running", "it says which calls run", process, (*trial).runningAnswers},
		{"good_call", "a call answers, and keeps to what the plugin describes", called, (*trial).goodCall},
		{"connections", "that call connects only to declared hosts", called, (*trial).connections},
		{"log_volume", "that call logs with measure, and no secrets", called, (*trial).logVolume},
		{"cancelled", "a cancelled call ends", repeatable, (*trial).cancelled},
		{"parallel", "32 calls at once are all answered", burst, (*trial).parallel},
		{"deadline", "it outlives a call whose time is over", repeatable, (*trial).deadline},
		{"memory", "it used no more memory than it may", process, (*trial).memory},
		{"standard_output", "nothing follows the handshake on its standard output", process, (*trial).standardOutput},
		{"drain", "asked to stop it refuses new calls and lives on", process, (*trial).drain},
		{"shutdown", "go-plugin's shutdown ends it", process, (*trial).shutdown},
		{"standard_input", "it ends when its standard input does, so that it does not outlive a killed host", process, (*trial).standardInput},
		{"nothing_left", "no process of its own outlives it", process, (*trial).nothingLeft},
		{"killed", "killed at any moment it can be started again", process, (*trial).killed},
	}
}

// perform does one check and reports it. After a failure the next one gets a fresh process.
func (t *trial) perform(ctx context.Context, c check) {
	began := time.Now()
	remark, err := "", t.missing(ctx, c.needs)
	if err == nil {
		remark, err = t.bounded(ctx, c)
	}
	o := Outcome{Name: c.name, About: c.about, State: Passed, Reason: remark, Took: time.Since(began)}
	if err != nil {
		o.State, o.Reason = Failed, visible.Quote(strings.ReplaceAll(err.Error(), "\n", "; "), reasonBytes)
		_, skipped := errors.AsType[skip](err)
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			o.State, o.Reason = Skipped, "interrupted"
		case skipped:
			o.State = Skipped
		default:
			t.discard()
		}
	}
	t.Logger.Debug("a check is done", "check", o.Name, "state", o.State, "took", o.Took)
	t.outcomes = append(t.outcomes, o)
	t.report(o)
}

// bounded runs a check within its time. Those that wait for something have bounds of their own within.
func (t *trial) bounded(ctx context.Context, c check) (string, error) {
	limit := t.limits.check
	if c.needs >= called {
		limit += t.limits.call
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the check took longer than %s", limit))
	defer cancel()
	remark, err := c.run(t, ctx)
	t.measure()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // for what the check waited for was not given its time
	}
	return remark, err
}

// missing says why a check cannot be done.
func (t *trial) missing(ctx context.Context, n need) error {
	switch {
	case ctx.Err() != nil:
		return skip("the trial's time is over")
	case n >= process && t.unusable != "":
		return skip(t.unusable)
	case n >= called && t.Tool == "":
		return skip("no tool was named; give one, and arguments that it works with")
	case n >= called && t.tool == nil:
		return skip("its description could not be read")
	case n >= repeatable && !t.tool.repeatable():
		return skip("the tool is neither read-only nor idempotent, so it was called only once")
	case n == burst && (t.good == nil || !t.good.right):
		return skip("the one good call has failed")
	}
	return nil
}
