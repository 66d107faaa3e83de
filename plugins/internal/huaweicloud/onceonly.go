package huaweicloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"mcp-server/sdk"
)

// salvage keeps what arrived of a once-only download that failed, and says so.
func (f *fetch) salvage(ctx context.Context, s shot, response *http.Response, err error) error {
	if known, ok := errors.AsType[*sdk.Error](err); ok && known.Source == sdk.SourceCloud {
		if err := f.file.Reset(); err != nil { // what arrived is an error's text, not the file
			f.call.Logger().Warn("an error's text stays in the file", "err", err)
		}
		return onceOnlyError(s, f.download, known)
	}
	what, cause, source := "storing it went wrong: "+sdk.AsError(err).Message, err, sdk.AsError(err).Source
	amount := (&brokenError{got: f.file.Size(), total: f.total}).amount()
	if broken, ok := errors.AsType[*brokenError](err); ok {
		what, amount, source = broken.what, broken.amount(), sdk.SourceCloud
	}
	kept := "nothing is kept"
	if f.file.Size() > 0 {
		// The call may be cancelled already; what arrived is worth a moment all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		path, err := f.file.Keep(ctx, sdk.FileInfo{
			Name: f.progress.name, MediaType: "application/octet-stream", Source: f.origin(response), Claim: f.download.claim,
		})
		if err == nil {
			kept = "they are kept in " + path
		} else {
			kept = "they could not be kept (" + clean(sdk.AsError(err).Message, 200) + ")"
		}
	}
	return &sdk.Error{
		Code: sdk.CodeDataLoss, Source: source, Cause: cause,
		Message: fmt.Sprintf("%s of %s: the download broke: %s, %s; %s. The cloud hands it out only once, so it cannot be fetched again: %s.",
			s.operation, s.service, what, amount, kept, firstOf(f.download.OnceOnlyHint, "have it made anew")),
	}
}

// onceOnlyError adds to an error of a once-only request what is known of the archive: whether it may be used up.
func onceOnlyError(s shot, d Download, err error) error {
	known, ok := errors.AsType[*sdk.Error](err)
	if !ok || !s.fresh || d.OnceOnlyHint == "" || known.Source != sdk.SourceCloud {
		return err
	}
	more := *known
	switch {
	case NothingSent(err):
		more.Message += " Nothing was sent, so the archive is untouched."
	case known.Code == sdk.CodeUnauthenticated, known.Code == sdk.CodePermissionDenied, known.Code == sdk.CodeResourceExhausted:
		// Refused before the archive was touched: what to do has been said.
	case known.Code == sdk.CodeNotFound:
		more.Message += " An archive is handed out only once, and this one may have been: " + d.OnceOnlyHint + "."
	default:
		more.RetryAfter = 0
		more.Message += " It was not sent again, because the cloud hands the archive out only once and may have counted this request: " +
			d.wayOn() + "."
	}
	return &more
}
