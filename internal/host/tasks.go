package host

import (
	"context"
	"encoding/json"
)

// GetTask returns a task of the caller as the tasks extension of 2026-07-28 shows it: a DetailedTask with its resultType.
func (h *Host) GetTask(_ context.Context, id string) (json.RawMessage, *RPCError) {
	return nil, unknownTask(id)
}

// UpdateTask hands the answers to a task's questions over, by the questions' keys.
func (h *Host) UpdateTask(_ context.Context, id string, _ map[string]json.RawMessage) *RPCError {
	return unknownTask(id)
}

// CancelTask cancels a task; one that has ended is left as it is.
func (h *Host) CancelTask(_ context.Context, id string) *RPCError {
	return unknownTask(id)
}

func unknownTask(id string) *RPCError {
	return &RPCError{Code: -32602, Message: "there is no task " + shorten(id)}
}
