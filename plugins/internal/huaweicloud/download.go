package huaweicloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"mcp-server/sdk"
)

// Download says what to make of content that arrives.
type Download struct {
	// Name is the file's name when the reply gives none, without extension if Extensions or the kind shall decide it.
	Name string
	// NameFromHeader takes the name from Content-Disposition when it has one.
	NameFromHeader bool
	// Extensions gives the extension for a kind, such as ".tf" for KindText, to a Name that has none.
	Extensions map[Kind]string
	// Expect is the kind that the content must have; KindAny takes all but an error in disguise.
	Expect Kind
	// MediaType overrides the media type that follows from the kind.
	MediaType string
	// Operation is the operation named as the artifact's origin; that of the request by default.
	Operation string
	// IDs are the ids named as the artifact's origin.
	IDs map[string]string
	// Progress gets the bytes that have arrived and how many there will be, 0 when that is not known; the call's own progress by default.
	Progress func(done, total float64, message string)
	// OnceOnlyHint is how to get a once-only download again after all, such as "make a new one with roma_export_assets".
	OnceOnlyHint string
	// AgainHint says when and how to ask once more all the same.
	AgainHint string
	// Again sends a once-only request although an earlier one may have used the file up; only at a caller's wish.
	Again bool

	claim *sdk.Claim // of a once-only download
}

// DownloadResult is a stored download.
type DownloadResult struct {
	Artifact sdk.Artifact
	Kind     Kind
	// Head is the content's beginning, at most 64 KiB.
	Head []byte
	// Entries are the first entries of a zip or an xlsx, at most 200 of EntryCount.
	Entries    []Entry
	EntryCount int
	RequestID  string
	// Repeated says that a once-only download comes from the host's store; only Artifact and RequestID are there then.
	Repeated bool
}

// maxFetches is how often a broken download of an idempotent operation is begun in all.
const maxFetches = 3

// opener asks for the content once.
type opener func(ctx context.Context) (*http.Response, shot, error)

// Download calls an operation whose reply is a file and stores it, whole and of the expected kind, or returns an [*sdk.Error]. A broken
// download begins again, twice at most, unless the request is once-only or not idempotent: of a once-only download that broke, what
// arrived is kept and the error says where; one that was made before comes from the host's store.
func (c *Client) Download(ctx context.Context, t Target, r Request, call *sdk.Call, d Download) (DownloadResult, error) {
	s, err := c.prepare(ctx, t, r)
	if err != nil {
		return DownloadResult{}, nothingSent(err)
	}
	s.wait = c.limits.download
	if r.OnceOnly {
		s.wait = c.limits.onceOnly
	}
	d.Operation = firstOf(d.Operation, r.Operation)
	open := func(ctx context.Context) (*http.Response, shot, error) {
		response, err := c.send(ctx, s)
		if err != nil {
			return nil, s, err
		}
		return c.refuseRedirect(s, response)
	}
	if r.OnceOnly {
		return c.downloadOnce(ctx, s, call, d, open)
	}
	return c.store(ctx, call, d, open)
}

// store fetches and stores, again when it broke and may be repeated.
func (c *Client) store(ctx context.Context, call *sdk.Call, d Download, open opener) (DownloadResult, error) {
	file, err := call.CreateFile() // before the request: a once-only file needs a place to go
	if err != nil {
		return DownloadResult{}, nothingSent(err)
	}
	defer file.Discard()
	if d.Progress == nil {
		d.Progress = call.Progress
	}
	f := &fetch{client: c, call: call, file: file, download: d, progress: progress{send: d.Progress, name: d.Name}}
	for count := 1; ; count++ {
		response, s, err := open(ctx) //nolint:bodyclose // take closes it
		if err != nil {
			return DownloadResult{}, onceOnlyError(s, d, err)
		}
		result, err := f.take(ctx, s, response)
		if err == nil {
			return result, nil
		}
		broken, isBroken := errors.AsType[*brokenError](err)
		switch {
		case ctx.Err() != nil && !s.fresh:
			return DownloadResult{}, ctx.Err()
		case s.fresh:
			return DownloadResult{}, f.salvage(ctx, s, response, err)
		case !isBroken:
			return DownloadResult{}, err
		case broken.final || s.repeat != repeatAlways || count == maxFetches:
			return DownloadResult{}, broken.public(s, count)
		}
		call.Logger().Warn("the download broke and begins again", "operation", s.operation, "bytes", file.Size(), "reason", broken.what)
		if err := file.Reset(); err != nil {
			return DownloadResult{}, err
		}
		if err := c.sleep(ctx, c.pause(count, 0)); err != nil {
			return DownloadResult{}, err
		}
	}
}

// fetch is one download into one file.
type fetch struct {
	client   *Client
	call     *sdk.Call
	file     *sdk.File
	download Download
	progress progress
}

// take copies a reply's body into the file, checks and stores it.
func (f *fetch) take(ctx context.Context, s shot, response *http.Response) (DownloadResult, error) {
	defer func() { _ = response.Body.Close() }()
	name := fileName(response.Header.Get("Content-Disposition"), f.download)
	f.progress.name = name
	if claim := f.download.claim; claim != nil {
		if err := claim.Receiving(name, f.origin(response), response.ContentLength); err != nil {
			f.call.Logger().Warn("the host was not told that the reply has begun", "err", err)
		}
	}
	if err := f.copy(response); err != nil {
		return DownloadResult{}, err
	}
	content, err := f.inspect(s, response)
	if err != nil {
		return DownloadResult{}, err
	}
	result := DownloadResult{
		Kind: content.kind, Head: content.head, Entries: content.entries, EntryCount: content.count, RequestID: requestID(response.Header),
	}
	result.Artifact, err = f.file.Store(ctx, sdk.FileInfo{
		Name:      withExtension(name, content.kind, f.download.Extensions),
		MediaType: firstOf(f.download.MediaType, content.kind.mediaType()),
		Source:    f.origin(response),
		Claim:     f.download.claim,
	})
	return result, err
}

func (f *fetch) origin(response *http.Response) sdk.Origin {
	return sdk.Origin{Operation: f.download.Operation, IDs: f.download.IDs, RequestID: requestID(response.Header)}
}

// copy writes the body to the file. Only an error of reading is a broken download.
func (f *fetch) copy(response *http.Response) error {
	total := response.ContentLength
	buffer := make([]byte, 128<<10)
	f.progress.report(f.file.Size(), total)
	for {
		n, err := response.Body.Read(buffer)
		if n > 0 {
			if _, err := f.file.Write(buffer[:n]); err != nil {
				return err
			}
			f.progress.report(f.file.Size(), total)
		}
		switch {
		case errors.Is(err, io.EOF) && (total < 0 || f.file.Size() == total):
			return nil
		case errors.Is(err, io.EOF):
			return &brokenError{what: "the connection ended early", got: f.file.Size(), total: total, cause: io.ErrUnexpectedEOF}
		case err != nil:
			return &brokenError{what: reasonOf(err), got: f.file.Size(), total: total, cause: err}
		}
	}
}

func reasonOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the call was cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "the call ran past its deadline"
	}
	return "the other side " + classify(err).what
}

// brokenError is a download that is not whole, or not what it should be.
type brokenError struct {
	what       string
	got, total int64 // total is negative when it is not known
	final      bool  // another attempt would bring the same
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
