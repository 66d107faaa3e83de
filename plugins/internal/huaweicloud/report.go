package huaweicloud

import (
	"context"
	"errors"
	"io"
	"net/http"

	"mcp-server/sdk"
)

// NewTool is [sdk.NewTool] for a tool that asks the cloud: the host is told of every request that a call makes, those for
// tokens, project ids and pre-signed links included.
func NewTool[In, Out any](spec sdk.ToolSpec, handler sdk.Handler[In, Out]) sdk.Tool {
	return sdk.NewTool(spec, func(ctx context.Context, call *sdk.Call, in In) (Out, error) {
		return handler(reporting(ctx, call.Report), call, in)
	})
}

type reporterKey struct{}

// reporting returns a context whose requests are reported.
func reporting(ctx context.Context, report func(sdk.CloudRequest)) context.Context {
	return context.WithValue(ctx, reporterKey{}, report)
}

// record is one request on its way, until its reply has been read. Whoever ends it first says how it ended.
type record struct {
	client  *Client
	report  func(sdk.CloudRequest)
	request sdk.CloudRequest
}

// record begins the record of a shot that is about to leave.
func (c *Client) record(ctx context.Context, s shot, attempt int) *record {
	report, _ := ctx.Value(reporterKey{}).(func(sdk.CloudRequest)) // none in a completion
	return &record{client: c, report: report, request: sdk.CloudRequest{
		Start: c.now(), Method: s.method, Endpoint: s.url.Scheme + "://" + s.url.Host, Route: s.route, Region: s.region, Attempt: attempt,
	}}
}

// replied notes the head of the reply.
func (r *record) replied(response *http.Response) {
	r.request.Status, r.request.RequestID = response.StatusCode, clean(requestID(response.Header), 80)
}

// end reports the request. The error is that of reading the reply: nil or io.EOF for one that needs no more reading.
func (r *record) end(err error) {
	if r.report == nil {
		return
	}
	r.request.End, r.request.Error = r.client.now(), kindOf(err)
	r.report(r.request)
	r.report = nil
}

// kindOf names what broke a request in one word.
func kindOf(err error) string {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return ""
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline_exceeded"
	}
	return classify(err).kind
}

// recorded is a body whose end, or whose reader's lack of interest, ends the record.
type recorded struct {
	io.ReadCloser
	record *record
}

func (b recorded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.record.end(err)
	}
	return n, err
}

func (b recorded) Close() error {
	b.record.end(nil)
	return b.ReadCloser.Close()
}
