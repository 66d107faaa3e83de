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

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/internal/telemetry"
	"mcp-server/sdk"
)

// Request is one call of a tool, or the like of it: a prompt or a resource of a plugin.
type Request struct {
	// Kind is a tool when it is zero.
	Kind pluginv1.Kind
	// Name is the tool's or the prompt's, or the declared URI of the resource.
	Name string
	// Arguments are a JSON object; none stand for {}.
	Arguments json.RawMessage
	// Client is what the client behind the call can do; nil when it cannot be asked.
	Client *pluginv1.Client
	// From is what is known of where the call comes from.
	From Source
	Listener
}

// Source is where a call comes from: what its client says of itself, and the W3C trace context that it sent.
type Source struct {
	ClientName, ClientVersion string
	ProtocolVersion           string
	TraceParent, TraceState   string
}

// Listener gets what a call says before it ends, from one goroutine. Nil ones are skipped.
type Listener struct {
	Progress func(Progress)
	// Log gets the lines that the tool writes for whoever watches the call.
	Log func(level slog.Level, message string, attributes map[string]any)
	// Ask puts questions to the client and waits for the answers.
	Ask func(ctx context.Context, questions []*pluginv1.Question) (map[string][]byte, error)
	// Background tells that what follows takes long, or that the client shall poll.
	Background func(closeStream bool)
}

// Result is what a call returned.
type Result struct {
	// Structured is the tool's output, a JSON object.
	Structured json.RawMessage
	// Blocks says that it is not data but content for a model: {"content": [...]}.
	Blocks bool
	// Artifacts are the files that the call stored.
	Artifacts []sdk.Artifact
	// Provenance says what has produced it.
	Provenance Provenance
}

// Progress is how far a call is. A total of zero means that it is not known.
type Progress struct {
	Done, Total float64
	Message     string
}

// Call runs one tool, as the context's caller. The context is the call's: its end cancels the tool. The error is always a
// [*CallError], and so an [*sdk.Error].
func (h *Host) Call(ctx context.Context, r Request) (Result, error) {
	c, stopping := h.newCall(ctx, r)
	if stopping != nil {
		return Result{}, stopping
	}
	defer h.calls.Done()
	failed := c.prepare()
	ctx, c.span = h.cfg.Telemetry.StartCall(ctx, c.measured())
	var result Result
	if failed == nil {
		ctx, failed = h.work.enter(ctx, c)
		defer h.work.leave(c)
	}
	if failed == nil {
		failed = c.audited()
	}
	if failed == nil {
		bounded, cancel := context.WithTimeout(ctx, c.tool.timeout())
		defer cancel()
		result, failed = c.runSafely(bounded)
	}
	c.conclude(ctx, result, failed)
	if failed != nil {
		return Result{}, failed
	}
	return result, nil
}

// runSafely is run, after whose panic the call ends as any other.
func (c *call) runSafely(ctx context.Context) (result Result, failed *CallError) {
	defer func() {
		if p := recover(); p != nil {
			result, failed = Result{}, c.fail(PhaseRun, c.settle(ctx, c.host.broken("calling "+c.request.Name, p)))
		}
	}()
	return c.run(ctx)
}

// newCall counts a call as running, unless the host is closing.
func (h *Host) newCall(ctx context.Context, r Request) (*call, *CallError) {
	c := &call{host: h, id: uuid.NewString(), request: r, caller: access.CallerOf(ctx), begin: time.Now()}
	c.logger = h.logger.With("tool", shorten(r.Name), "call", c.id)
	if !h.begin() {
		return nil, c.fail(PhasePolicy, &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Message: "the server is stopping; call again when it is back"})
	}
	return c, nil
}

// call is one running call.
type call struct {
	host      *Host
	id        string
	request   Request
	caller    access.Caller
	tool      Tool
	process   process
	tenant    *tenant
	logger    *slog.Logger
	begin     time.Time
	span      *telemetry.CallSpan
	staging   string          // empty for a tool that stores no files
	claim     *artifact.Claim // while the call is after something that can be downloaded only once
	settled   bool            // the error says what became of the claim
	artifacts []sdk.Artifact
	cloud     []*pluginv1.CloudRequest
	missing   []string // capabilities that a question would have needed
	previewed int      // bytes of previews so far
	reported  bool
	done      float64 // the last progress reported
}

// prepare finds the tool, checks the caller and the arguments, and picks the process with the caller's credentials.
func (c *call) prepare() *CallError {
	var err error
	if c.tool, err = c.host.find(c.caller, c.request.Kind, c.request.Name); err != nil {
		return c.fail(phaseBefore(sdk.AsError(err)), err)
	}
	c.logger = c.logger.With("plugin", c.tool.Plugin)
	if err := c.permitted(); err != nil {
		return c.fail(PhasePolicy, err)
	}
	if err := c.checkArguments(); err != nil {
		return c.fail(PhaseArguments, err)
	}
	if c.process, c.tenant, err = c.host.processFor(c.caller, c.tool.item); err != nil {
		return c.fail(PhasePolicy, err)
	}
	return nil
}

func (c *call) checkArguments() error {
	if c.tool.input == nil {
		return nil
	}
	var err error
	c.request.Arguments, err = c.tool.input.check(c.request.Arguments)
	return err
}

// permitted judges a tool by itself, and a prompt or a resource by its plugin's tools.
func (c *call) permitted() error {
	if c.request.Kind == pluginv1.Kind_KIND_TOOL {
		return c.host.permit(c.caller, c.tool)
	}
	c.host.mu.RLock()
	defer c.host.mu.RUnlock()
	if !c.host.mayUse(c.caller, c.tool.Plugin) {
		return &sdk.Error{Code: sdk.CodePermissionDenied, Source: sdk.SourceHost, Message: "the plugin of " + shorten(c.tool.Name) + " may not be used here"}
	}
	return nil
}

func (c *call) run(ctx context.Context) (Result, *CallError) {
	if c.tool.StoresFiles { // making and removing a folder costs as much as the rest of a small call
		c.process = c.tenant.rebound(c.tool.item, c.process)
		dir, release, err := c.tenant.store.Stage(c.tool.Plugin, c.id)
		if err != nil {
			return Result{}, c.fail(PhaseArguments, hostError("preparing the call", err))
		}
		defer release()
		c.staging = dir
	}
	out, err := c.send(ctx, supervisor.Request{
		Kind: c.request.Kind, Tool: c.tool.Name, Arguments: c.request.Arguments, CallID: c.id, StagingDir: c.staging, Client: c.request.Client,
		TraceParent: c.span.TraceParent(), Repeatable: c.tool.Hints.ReadOnly || c.tool.Hints.Idempotent, Again: c.startOver,
	}, pluginv1.Events{
		Progress: c.report, Log: c.log, File: c.takeFile, Claim: c.takeClaim, Receiving: c.receiving, Release: c.releaseClaim,
		Ask: c.ask, Background: c.background, CloudRequest: c.cloudRequest,
		Listing: func(l *pluginv1.Listing) { c.host.list(c.tool.Plugin, l) },
		Updated: func(u *pluginv1.Updated) { c.host.updated(c.tool.Plugin, u.GetUri()) },
	})
	if err = c.settle(ctx, err); err != nil {
		return Result{}, c.fail(PhaseRun, c.finish(err))
	}
	if err := c.checkResult(out); err != nil {
		return Result{}, c.fail(PhaseResult, err)
	}
	return Result{
		Structured: out, Blocks: c.tool.output == nil, Artifacts: c.artifacts, Provenance: c.provenance(),
	}, nil
}

// checkResult keeps from a client what it would refuse for its schema.
func (c *call) checkResult(out json.RawMessage) error {
	tree, err := parse(out)
	if err == nil && jsonType(tree) != "object" {
		err = errors.New("it is not a JSON object")
	}
	if err == nil && c.tool.output != nil {
		err = c.tool.output.validate(tree)
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

// report passes on progress that can be: MCP wants numbers, and rising ones.
func (c *call) report(p *pluginv1.Progress) {
	done, total := p.GetDone(), p.GetTotal()
	if c.request.Progress == nil || math.IsNaN(done+total) || math.IsInf(done+total, 0) || c.reported && done < c.done {
		return
	}
	c.reported, c.done = true, done
	c.request.Progress(Progress{Done: done, Total: total, Message: p.GetMessage()})
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
	if c.request.Log != nil {
		c.request.Log(slog.Level(l.GetLevel()), l.GetMessage(), attributes)
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
	if e.Code != sdk.CodeCanceled && (e.Source == sdk.SourcePlugin || e.Source == sdk.SourceHost) {
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
