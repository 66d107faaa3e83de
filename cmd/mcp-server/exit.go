package main

import (
	"context"
	"errors"
	"io"

	"mcp-server/internal/host"
	"mcp-server/sdk"
)

// The exit codes that scripts branch on.
const (
	exitDone        = 0
	exitToolFailed  = 1
	exitUsage       = 2
	exitBroken      = 3 // a plugin or the host
	exitRefused     = 4 // by the cloud: authentication or permission
	exitInterrupted = 130
)

// usageError is a command line that is wrong.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// problemsError ends a command whose result, which is printed already, is a list of problems.
type problemsError struct{ error }

func exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[problemsError](err); ok {
		return exitToolFailed
	}
	failure, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		return exitBroken
	}
	switch {
	case failure.Code == sdk.CodeUnauthenticated || failure.Code == sdk.CodePermissionDenied:
		return exitRefused
	case failure.Source == sdk.SourceArgument:
		return exitUsage
	case failure.Source == sdk.SourcePlugin || failure.Source == sdk.SourceHost:
		return exitBroken
	}
	return exitToolFailed
}

// errorOutput is an error as a program reads it.
type errorOutput struct {
	host.Failure
	Message string `json:"message"`
}

// writeError prints an error for a program that reads the output.
func writeError(out io.Writer, err error) {
	if _, printed := errors.AsType[problemsError](err); printed {
		return
	}
	e, ok := errors.AsType[*sdk.Error](err)
	switch _, usage := errors.AsType[usageError](err); {
	case ok:
	case usage:
		e = &sdk.Error{Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument, Message: err.Error()}
	default:
		e = &sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Message: err.Error()}
	}
	about := errorOutput{Failure: host.Failure{Code: e.Code, Source: e.Source, RetryAfterMS: e.RetryAfter.Milliseconds()}, Message: e.Message}
	if failed, ok := errors.AsType[*host.CallError](err); ok {
		about.Failure = failed.Failure
	}
	_ = writeJSON(out, map[string]any{"error": about}) // the exit code says the rest
}
