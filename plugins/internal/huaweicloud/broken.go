package huaweicloud

import (
	"fmt"

	"mcp-server/sdk"
)

// brokenError is a download that is not whole, or not what it should be.
type brokenError struct {
	what       string
	got, total int64 // total is negative when it is not known
	final      bool  // another attempt would bring the same
	restart    bool  // what arrived is nothing to go on from
	cause      error
}

func (e *brokenError) Error() string { return e.what + ", " + e.amount() }
func (e *brokenError) Unwrap() error { return e.cause }

func (e *brokenError) amount() string {
	if e.total < 0 {
		return fmt.Sprintf("%d bytes arrived", e.got)
	}
	return fmt.Sprintf("%d of %d bytes arrived", e.got, e.total)
}

func (e *brokenError) public(s shot, count int) *sdk.Error {
	if e.final {
		return &sdk.Error{
			Code: sdk.CodeDataLoss, Source: sdk.SourceCloud, Cause: e.cause,
			Message: fmt.Sprintf("%s of %s: %s (%s). Nothing was stored. Call again; if it stays so, the endpoint may be another service's.",
				s.operation, s.service, e.what, e.amount()),
		}
	}
	return &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourceCloud, Cause: e.cause,
		Message: fmt.Sprintf("%s of %s: the download broke, at attempt %d: %s. Nothing was stored. Check the network and call again.",
			s.operation, s.service, count, e.Error()),
	}
}
