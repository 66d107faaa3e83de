package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"mcp-server/internal/artifact"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// maxResultBytes bounds a result as it goes out: twice, as structured content and, escaped, as text. Clients close the
// connection over 10 MiB.
const maxResultBytes = 8 << 20

// Result is what a call returned.
type Result struct {
	// Structured is the tool's output, a JSON object.
	Structured json.RawMessage
	// Artifacts are the files that the call stored.
	Artifacts []sdk.Artifact
}

// Progress is how far a call is. A total of zero means that it is not known.
type Progress struct {
	Done, Total float64
	Message     string
}

// Call runs one tool with a JSON object of arguments. The context is the call's: its end cancels the tool. The error is
// always an [*sdk.Error].
func (h *Host) Call(ctx context.Context, name string, arguments json.RawMessage, progress func(Progress)) (Result, error) {
	if !h.begin() {
		return Result{}, &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Message: "the server is stopping; call again when it is back"}
	}
	defer h.calls.Done()
	tool, err := h.Tool(name)
	if err != nil {
		return Result{}, err
	}
	arguments, err = tool.input.check(arguments)
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, tool.timeout())
	defer cancel()
	c := call{tool: tool, store: h.store, reading: h.reading, announce: h.announce, progress: progress, id: uuid.NewString()}
	c.logger = h.logger.With("plugin", tool.Plugin, "tool", tool.Name, "call", c.id)
	begin := time.Now()
	result, err := c.run(ctx, arguments)
	if err != nil {
		e := c.finish(err)
		c.logger.Log(ctx, levelOf(e), "call failed",
			"code", string(e.Code), "source", string(e.Source), "err", e.Message, "cause", causeOf(e), "took", time.Since(begin).String())
		return Result{}, e
	}
	c.logger.Info("call done", "bytes", len(result.Structured), "artifacts", len(result.Artifacts), "took", time.Since(begin).String())
	return result, nil
}

// call is one running call.
type call struct {
	id        string
	tool      Tool
	store     *artifact.Store
	reading   *reading
	announce  func(uri string)
	logger    *slog.Logger
	progress  func(Progress)
	staging   string          // empty for a tool that stores no files
	claim     *artifact.Claim // while the call is after something that can be downloaded only once
	settled   bool            // the error says what became of the claim
	artifacts []sdk.Artifact
	previewed int // bytes of previews so far
	reported  bool
	done      float64 // the last progress reported
}

func (c *call) run(ctx context.Context, arguments json.RawMessage) (Result, error) {
	if c.tool.StoresFiles { // making and removing a folder costs as much as the rest of a small call
		dir, release, err := c.store.Stage(c.id)
		if err != nil {
			return Result{}, hostError("preparing the call", err)
		}
		defer release()
		c.staging = dir
	}
	out, err := c.tool.process.Call(ctx, supervisor.Request{
		Tool: c.tool.Name, Arguments: arguments, CallID: c.id, StagingDir: c.staging,
	}, pluginv1.Events{
		Progress: c.report, Log: c.log, File: c.takeFile, Claim: c.takeClaim, Receiving: c.receiving, Release: c.releaseClaim,
	})
	if err = c.settle(ctx, err); err != nil {
		return Result{}, err
	}
	if err := c.checkResult(out); err != nil {
		return Result{}, err
	}
	return Result{Structured: out, Artifacts: c.artifacts}, nil
}

// checkResult keeps from a client what would end its connection, or what it would refuse for its schema.
func (c *call) checkResult(out json.RawMessage) error {
	if size := sentBytes(out); size > maxResultBytes {
		return &sdk.Error{
			Code: sdk.CodeResourceExhausted, Source: sdk.SourcePlugin,
			Message: fmt.Sprintf("the result would take %d bytes, more than the %d that clients can take; ask for less at once", size, maxResultBytes),
		}
	}
	tree, err := parse(out)
	if err == nil && jsonType(tree) != "object" {
		err = errors.New("it is not a JSON object")
	}
	if err == nil && c.tool.output != nil {
		err = c.tool.output.compiled.Validate(tree)
	}
	if err != nil {
		return &sdk.Error{
			Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Cause: err,
			Message: fmt.Sprintf("the tool ran, but the plugin %s answered with a result that does not fit the tool's output schema; "+
				"this is a mistake in the plugin, and its log line names the place", c.tool.Plugin),
		}
	}
	return nil
}

// sentBytes is how long a result is on the way to a client; a short one need not be measured.
func sentBytes(out json.RawMessage) int {
	if len(out) < maxResultBytes/16 {
		return 2 * len(out)
	}
	text, err := json.Marshal(string(out))
	if err != nil {
		return maxResultBytes + 1 // cannot be
	}
	return len(out) + len(text)
}

// report passes on progress that can be: MCP wants numbers, and rising ones.
func (c *call) report(p *pluginv1.Progress) {
	done, total := p.GetDone(), p.GetTotal()
	if c.progress == nil || math.IsNaN(done+total) || math.IsInf(done+total, 0) || c.reported && done < c.done {
		return
	}
	c.reported, c.done = true, done
	c.progress(Progress{Done: done, Total: total, Message: p.GetMessage()})
}

func (c *call) log(l *pluginv1.Log) {
	var attributes map[string]any
	if raw := l.GetAttributes(); len(raw) > 0 {
		if err := json.Unmarshal(raw, &attributes); err != nil {
			attributes = map[string]any{"attributes": string(raw)}
		}
	}
	pairs := make([]any, 0, 2*len(attributes))
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		pairs = append(pairs, key, attributes[key])
	}
	// The pairs are a group, so that a plugin cannot pose as another.
	c.logger.Log(context.Background(), slog.Level(l.GetLevel()), l.GetMessage(), slog.Group("output", pairs...))
}

// finish gives an error its last sentence: whether a call that was cut may be repeated.
func (c *call) finish(err error) *sdk.Error {
	e := *sdk.AsError(err)
	if c.settled || !errors.Is(err, supervisor.ErrInterrupted) {
		return &e
	}
	if c.tool.Hints.ReadOnly || c.tool.Hints.Idempotent {
		e.Message += ". Calling again is safe"
	} else {
		e.Message += ". It is not known how far the call came; look before calling again"
	}
	return &e
}

func causeOf(e *sdk.Error) string {
	if e.Cause == nil {
		return ""
	}
	return e.Cause.Error()
}

// levelOf keeps mistakes in arguments and refusals by the cloud, which the caller reads anyway, out of a quiet log.
func levelOf(e *sdk.Error) slog.Level {
	if e.Source == sdk.SourcePlugin || e.Source == sdk.SourceHost {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func hostError(doing string, err error) error {
	if known, ok := errors.AsType[*sdk.Error](err); ok {
		return known
	}
	return &sdk.Error{
		Code: sdk.CodeInternal, Source: sdk.SourceHost, Cause: err,
		Message: fmt.Sprintf("%s: %v", doing, err),
	}
}
