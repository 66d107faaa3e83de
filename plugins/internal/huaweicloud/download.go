package huaweicloud

import (
	"context"
	"errors"
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
	Head      []byte
	RequestID string
	// Repeated says that a once-only download comes from the host's store; only Artifact and RequestID are there then.
	Repeated bool
}

const (
	// maxFetches is how often in a row a download may break without a byte more to go on from: a file that begins again each time is
	// asked for three times in all.
	maxFetches = 3
	// maxAttempts is how often a download may break that goes on where it broke. A lossy line gets far with it, and a server
	// that sends a few bytes at a time does not hold a call for ever.
	maxAttempts = 20
)

// opener asks for the content once, with the header of a request for the rest of it, nil for the whole.
type opener func(ctx context.Context, rest http.Header) (*http.Response, shot, error)

// Download calls an operation whose reply is a file and stores it, whole and of the expected kind, or returns an [*sdk.Error]. A broken
// download goes on where it broke if the server can do that (see [version]), and begins again otherwise, as often as maxFetches and
// maxAttempts allow, unless the request is once-only or not idempotent: of a once-only download that broke, what
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
	open := func(ctx context.Context, rest http.Header) (*http.Response, shot, error) {
		s := s.with(rest)
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

// store fetches and stores.
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
	return f.run(ctx, open)
}

// fetch is one download into one file.
type fetch struct {
	client   *Client
	call     *sdk.Call
	file     file
	download Download
	progress progress
	name     string
	total    int64   // bytes of the whole file, negative when that is not known
	version  version // of what the file holds the beginning of
	flaw     string  // what is wrong with the reply, though its body may be worth keeping
	reached  int64   // the most that the file has held to go on from
	long     bool    // the client has been told to come back for it
	idle     int     // attempts in a row that brought nothing to go on from
}

// file is the part of [sdk.File] that a download needs.
type file interface {
	io.Writer
	readerAt
	Reset() error
	Store(context.Context, sdk.FileInfo) (sdk.Artifact, error)
	Keep(context.Context, sdk.FileInfo) (path string, err error)
}

// run asks for the content until it is stored, or there is no point in asking again.
func (f *fetch) run(ctx context.Context, open opener) (DownloadResult, error) {
	for count := 1; ; count++ {
		response, s, err := open(ctx, f.version.rest(f.file.Size())) //nolint:bodyclose // take closes it
		if err != nil {
			return DownloadResult{}, onceOnlyError(s, f.download, err)
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
		case broken.final || s.repeat != repeatAlways || !f.hopeful(broken, count):
			return DownloadResult{}, broken.public(s, count)
		}
		if err := f.prepareNext(s, broken); err != nil {
			return DownloadResult{}, err
		}
		if err := f.client.sleep(ctx, f.client.pause(f.idle, 0)); err != nil {
			return DownloadResult{}, err
		}
	}
}

// take copies a reply's body into the file, checks and stores it.
func (f *fetch) take(ctx context.Context, s shot, response *http.Response) (DownloadResult, error) {
	defer func() { _ = response.Body.Close() }()
	body, err := f.begin(s, response)
	if err != nil {
		return DownloadResult{}, err
	}
	if claim := f.download.claim; claim != nil {
		if err := claim.Receiving(f.name, f.origin(response), f.total); err != nil {
			f.call.Logger().Warn("the host was not told that the reply has begun", "err", err)
		}
	}
	if err := f.copy(ctx, s, body); err != nil {
		return DownloadResult{}, err
	}
	content, err := f.inspect(s, response)
	if err != nil {
		return DownloadResult{}, err
	}
	result := DownloadResult{
		Kind: content.kind, Head: content.head, RequestID: requestID(response.Header),
	}
	if s.fresh {
		ctx = context.WithoutCancel(ctx) // what is there is stored; only the host's end ends this
	}
	result.Artifact, err = f.file.Store(ctx, sdk.FileInfo{
		Name:      withExtension(f.name, content.kind, f.download.Extensions),
		MediaType: firstOf(f.download.MediaType, content.kind.mediaType()),
		Source:    f.origin(response),
		Claim:     f.download.claim,
	})
	return result, err
}

func (f *fetch) origin(response *http.Response) sdk.Origin {
	return sdk.Origin{Operation: f.download.Operation, IDs: f.download.IDs, RequestID: requestID(response.Header)}
}
