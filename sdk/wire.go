package sdk

import (
	"time"

	"mcp-server/internal/pluginv1"
)

func errorToWire(e *Error) *pluginv1.Error {
	return &pluginv1.Error{
		Code: string(e.Code), Source: string(e.Source), Message: e.Message, RetryAfterMs: e.RetryAfter.Milliseconds(),
	}
}

func errorFromWire(e *pluginv1.Error) *Error {
	return &Error{
		Code: Code(e.GetCode()), Source: Source(e.GetSource()), Message: e.GetMessage(),
		RetryAfter: time.Duration(e.GetRetryAfterMs()) * time.Millisecond,
	}
}
