package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// Phase says how far a call had come when it failed.
type Phase string

// The phases, in order.
const (
	PhasePolicy    Phase = "policy"    // the caller may not
	PhaseArguments Phase = "arguments" // nothing ran
	PhaseStart     Phase = "start"     // the plugin did not start
	PhaseRun       Phase = "run"       // in the tool
	PhaseResult    Phase = "result"    // the tool had ended; its answer could not be passed on
)

// Failure is what a program needs to know of a failed call, beside the text.
type Failure struct {
	Code   sdk.Code   `json:"code"`
	Source sdk.Source `json:"source"`
	Plugin string     `json:"plugin,omitempty"`
	// Retryable says that the same call may succeed later and does no harm.
	Retryable bool `json:"retryable"`
	// RetryAfterMS is how long to wait first, in milliseconds; 0 when nothing is known.
	RetryAfterMS int64  `json:"retry_after_ms"`
	Phase        Phase  `json:"phase"`
	CallID       string `json:"call_id"`
}

// CallError is the error of a call. Its text is for the model and the user.
type CallError struct {
	Failure
	err     *sdk.Error
	missing []string // capabilities that the client would have needed
}

// Error returns the public message.
func (e *CallError) Error() string { return e.err.Message }

// Unwrap returns the [*sdk.Error].
func (e *CallError) Unwrap() error { return e.err }

// fail makes the call's error of what went wrong in a phase.
func (c *call) fail(phase Phase, err error) *CallError {
	e := sdk.AsError(err)
	if phase == PhaseRun && errors.Is(err, supervisor.ErrNotStarted) {
		phase = PhaseStart
	}
	missing := c.missing
	if e.Source != sdk.SourceHost || e.Code != sdk.CodeFailedPrecondition {
		missing = nil // it failed for another reason
	}
	return &CallError{err: e, missing: missing, Failure: Failure{
		Code: e.Code, Source: e.Source, Plugin: c.tool.Plugin, Retryable: c.retryable(phase, e), RetryAfterMS: e.RetryAfter.Milliseconds(),
		Phase: phase, CallID: c.id,
	}}
}

// retryable says whether what failed may pass, and whether the call may be made twice.
func (c *call) retryable(phase Phase, e *sdk.Error) bool {
	switch e.Code {
	case sdk.CodeUnavailable, sdk.CodeResourceExhausted, sdk.CodeDeadlineExceeded:
	default:
		return false
	}
	switch {
	case phase == PhaseResult, c.settled:
		return false
	case phase == PhasePolicy, phase == PhaseStart, e.RetryAfter > 0: // nothing ran
		return true
	}
	return c.tool.Hints.ReadOnly || c.tool.Hints.Idempotent
}

// The error codes of MCP that are chosen here.
const (
	codeResourceNotFoundLegacy = -32002 // until 2025-11-25
	codeMissingCapability      = -32021 // since 2026-07-28
)

// protocolError makes an error the response's, with its own text instead of mcp-go's and the [Failure] as its data, and
// returns it for mcp-go.
func protocolError(ctx context.Context, err error) error {
	e := sdk.AsError(err)
	code := mcp.INTERNAL_ERROR
	if e.Source == sdk.SourceArgument || e.Code == sdk.CodePermissionDenied {
		code = mcp.INVALID_PARAMS
	}
	return protocolErrorAs(ctx, code, err)
}

func protocolErrorAs(ctx context.Context, code int, err error) error {
	failWith(ctx, code, sdk.AsError(err).Message, map[string]any{ErrorMetaKey: failureOf(err)})
	return err
}

// failureOf is what a program needs to know of any error, one of no call included.
func failureOf(err error) Failure {
	if failed, ok := errors.AsType[*CallError](err); ok {
		return failed.Failure
	}
	e := sdk.AsError(err)
	f := Failure{Code: e.Code, Source: e.Source, RetryAfterMS: e.RetryAfter.Milliseconds(), Phase: phaseBefore(e)}
	f.Retryable = f.Phase == PhaseStart
	return f
}

// phaseBefore is the phase of what went wrong before there was a call.
func phaseBefore(e *sdk.Error) Phase {
	switch {
	case e.Code == sdk.CodePermissionDenied:
		return PhasePolicy
	case e.Code == sdk.CodeUnavailable && e.Source == sdk.SourcePlugin:
		return PhaseStart // it may be the tool of a plugin that is not there
	}
	return PhaseArguments
}

func failWith(ctx context.Context, code int, message string, data any) {
	e := &RPCError{Code: code, Message: message}
	if data != nil {
		e.Data, _ = json.Marshal(data) // of plain maps and structs
	}
	ExchangeOf(ctx).Error = e
}

// missingCapability answers a request that needs what the client did not declare (SEP-2575).
func missingCapability(ctx context.Context, message string, required map[string]any) {
	failWith(ctx, codeMissingCapability, message, map[string]any{"requiredCapabilities": required})
}

// onError gives the errors that mcp-go makes by itself a better text and the data that the specification asks for.
func (h *Host) onError(ctx context.Context, _ any, _ mcp.MCPMethod, message any, err error) {
	if ExchangeOf(ctx).Error != nil {
		return
	}
	switch request := message.(type) {
	case *mcp.CallToolRequest:
		if errors.Is(err, server.ErrToolNotFound) {
			_ = protocolErrorAs(ctx, mcp.INVALID_PARAMS, h.unknownTool(ctx, request)) // mcp-go has its own already
		}
	case *mcp.GetPromptRequest:
		if errors.Is(err, server.ErrPromptNotFound) {
			_ = protocolErrorAs(ctx, mcp.INVALID_PARAMS, h.unknownPrompt(ctx, request.Params.Name))
		}
	case *mcp.ReadResourceRequest:
		if errors.Is(err, server.ErrResourceNotFound) {
			resourceNotFound(ctx, request.Params.URI, &sdk.Error{
				Code: sdk.CodeNotFound, Source: sdk.SourceArgument,
				Message: "there is no resource " + shorten(request.Params.URI) + "; resources/list and artifact_list show what there is",
			})
		}
	}
}

// resourceNotFound is the error that SEP-2164 wants, in the code of the request's revision.
func resourceNotFound(ctx context.Context, uri string, err error) {
	code := codeResourceNotFoundLegacy
	if server.IsModernRequest(ctx) {
		code = mcp.INVALID_PARAMS
	}
	failWith(ctx, code, sdk.AsError(err).Message, map[string]any{"uri": uri, ErrorMetaKey: failureOf(err)})
}

func badAnswer(plugin string, err error) error {
	return &sdk.Error{
		Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Cause: err,
		Message: fmt.Sprintf("the plugin %s answered with something that cannot be passed on; this is a mistake in the plugin", plugin),
	}
}

// broken is the error of a call in which the host itself panicked. It takes no other call with it.
func (h *Host) broken(doing string, panicked any) error {
	h.logger.Error("the host broke on a call", "doing", doing, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	return &sdk.Error{
		Code: sdk.CodeInternal, Source: sdk.SourceHost,
		Message: "the server broke on this call; its log has the details, and other calls are not affected",
	}
}

// lacksAbility answers a request whose call failed because the client could not be asked, in the revisions that have an
// error for it (SEP-2575), and reports whether it did.
func lacksAbility(ctx context.Context, err error) bool {
	failed, isCall := errors.AsType[*CallError](err)
	if !isCall || len(failed.missing) == 0 || !server.IsModernRequest(ctx) {
		return false
	}
	missingCapability(ctx, failed.Error(), capabilities(failed.missing))
	return true
}
