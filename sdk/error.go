package sdk

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an [Error] is, in gRPC's code names. The zero value is not a code.
type Code string

// The codes that tools and the host use.
const (
	CodeInvalidArgument    Code = "invalid_argument"
	CodeNotFound           Code = "not_found"
	CodePermissionDenied   Code = "permission_denied"
	CodeUnauthenticated    Code = "unauthenticated"
	CodeResourceExhausted  Code = "resource_exhausted"
	CodeFailedPrecondition Code = "failed_precondition"
	CodeUnimplemented      Code = "unimplemented"
	CodeInternal           Code = "internal"
	CodeUnavailable        Code = "unavailable"
	CodeDataLoss           Code = "data_loss"
	CodeCanceled           Code = "canceled"
	CodeDeadlineExceeded   Code = "deadline_exceeded"
	CodeUnknown            Code = "unknown"
)

// Source says whose failure an [Error] is, and so who can mend it.
type Source string

// The sources: the caller's argument, the cloud behind the tool, the plugin itself, or the host around it.
const (
	SourceArgument Source = "argument"
	SourceCloud    Source = "cloud"
	SourcePlugin   Source = "plugin"
	SourceHost     Source = "host"
)

// Error is the one error type that crosses from a tool to its caller.
type Error struct {
	Code   Code
	Source Source
	// Message is for the model and the user: what happened, the cloud's code and request id, and what to do next.
	// It never holds a secret.
	Message string
	// RetryAfter is how long to wait before the same call can succeed; zero when nothing is known.
	RetryAfter time.Duration
	// Cause goes to the log only.
	Cause error
}

// Error returns the public message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Cause }

// InvalidArgument reports a problem with one argument: which one, what is wrong with it, and the way on.
func InvalidArgument(argument, format string, args ...any) *Error {
	return &Error{
		Code: CodeInvalidArgument, Source: SourceArgument,
		Message: fmt.Sprintf("argument %q %s", argument, fmt.Sprintf(format, args...)),
	}
}

// AsError turns any error into an [*Error]. Context errors keep their meaning; whatever else is not an [*Error] is the
// plugin's failure of an unknown kind, with its text as the message.
func AsError(err error) *Error {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled):
		return &Error{Code: CodeCanceled, Source: SourceHost, Message: "the call was cancelled", Cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{
			Code: CodeDeadlineExceeded, Source: SourceHost,
			Message: "the call ran past its deadline; try again, or ask for less at once", Cause: err,
		}
	}
	return &Error{Code: CodeUnknown, Source: SourcePlugin, Message: err.Error(), Cause: err}
}
