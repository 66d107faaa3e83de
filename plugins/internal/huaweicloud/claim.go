package huaweicloud

import (
	"context"
	"errors"
	"maps"

	"mcp-server/sdk"
)

// downloadOnce is a download that the host journals before the one request is sent. What an earlier call has brought
// comes from the host's store.
func (c *Client) downloadOnce(ctx context.Context, s shot, call *sdk.Call, d Download, open opener) (DownloadResult, error) {
	ids := map[string]string{"project_id": s.project}
	maps.Copy(ids, d.IDs)
	d.IDs = ids
	claim, err := call.Claim(ctx, sdk.OnceOnly{
		Source: sdk.Origin{Operation: d.Operation, IDs: d.IDs}, Name: fileName("", d), MediaType: firstOf(d.MediaType, d.Expect.mediaType()),
		WayOn: d.wayOn(), Again: d.Again,
	})
	if err != nil {
		return DownloadResult{}, err
	}
	if claim.Stored != nil {
		return DownloadResult{Artifact: *claim.Stored, RequestID: claim.Stored.Source.RequestID, Repeated: true}, nil
	}
	d.claim = claim
	if d.Progress == nil {
		d.Progress = call.Progress
	}
	d.Progress(0, 0, "asking for "+d.Name+"; the cloud hands it out once, so the answer is awaited for up to "+c.limits.onceOnly.String())
	result, err := c.store(ctx, call, d, open)
	if err != nil && notCounted(err) {
		_ = claim.Release(sdk.AsError(err).Message) // a host that is gone has noted the end of the call itself
	}
	return result, err
}

// wayOn is what to do when nothing of a once-only download is known to have arrived.
func (d Download) wayOn() string {
	if d.AgainHint == "" {
		return d.OnceOnlyHint
	}
	return d.OnceOnlyHint + "; or, " + d.AgainHint
}

// notCounted reports whether a once-only request surely left the archive as it was: it was not sent, or refused before
// the archive was looked at, or the archive is not there.
func notCounted(err error) bool {
	return NothingSent(err) && !errors.Is(err, context.Canceled) ||
		Says(err, sdk.CodeUnauthenticated, sdk.CodePermissionDenied, sdk.CodeResourceExhausted, sdk.CodeNotFound, sdk.CodeInvalidArgument)
}
