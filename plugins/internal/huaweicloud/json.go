package huaweicloud

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"mcp-server/sdk"
)

// JSON calls an operation and decodes its reply into out; out is nil where the reply does not matter. Fields that out lacks are
// passed over. Errors are [*sdk.Error]s, also for a success status that carries an error body.
func (c *Client) JSON(ctx context.Context, t Target, r Request, out any) (Response, error) {
	s, err := c.prepare(ctx, t, r)
	if err != nil {
		return Response{}, err
	}
	return c.decode(ctx, s, out)
}

// decode sends a shot and decodes the reply.
func (c *Client) decode(ctx context.Context, s shot, out any) (Response, error) {
	s.buffer = true
	response, err := c.send(ctx, s)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body) // in memory already
	if err != nil {
		return Response{}, err
	}
	reply := c.reply(s, response, body)
	result := Response{Status: response.StatusCode, Header: response.Header, RequestID: requestID(response.Header)}
	switch {
	case len(body) > maxReplyBody:
		return result, reply.unexpected("a reply of more than 16 MiB")
	case response.StatusCode >= 300:
		return result, reply.unexpected("a redirect")
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && parseErrorBody(body).isFailure():
		return result, reply.cloudError()
	case out == nil:
		return result, nil
	case len(bytes.TrimSpace(body)) == 0:
		return result, reply.unexpected("an empty reply")
	}
	if err := json.Unmarshal(body, out); err != nil {
		e := reply.unexpected("a reply that is not the documented JSON")
		e.Cause = err
		return result, e
	}
	return result, nil
}

// Redirect calls an operation that answers with a link, and returns the link without following it. It may be pre-signed: its query is a
// credential and belongs into no log.
func (c *Client) Redirect(ctx context.Context, t Target, r Request) (*url.URL, Response, error) {
	s, err := c.prepare(ctx, t, r)
	if err != nil {
		return nil, Response{}, err
	}
	s.buffer = true
	response, err := c.send(ctx, s)
	if err != nil {
		return nil, Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, Response{}, err
	}
	reply := c.reply(s, response, body)
	result := Response{Status: response.StatusCode, Header: response.Header, RequestID: requestID(response.Header)}
	location := response.Header.Get("Location")
	if location == "" || response.StatusCode < 300 {
		if parseErrorBody(body).isFailure() {
			return nil, result, reply.cloudError()
		}
		return nil, result, reply.unexpected("no link to the content")
	}
	link, err := s.url.Parse(location)
	if err != nil || link.Host == "" {
		return nil, result, reply.unexpected("a link that is not a URL")
	}
	return link, result, nil
}

// unexpected reports a reply that the operation does not document.
func (r reply) unexpected(what string) *sdk.Error {
	text := fmt.Sprintf("%s of %s answered HTTP %d with %s", r.operation, r.service, r.status, what)
	if b := r.parse(); b.page && b.message != "" {
		text += " (" + b.message + ")"
	}
	if id := requestID(r.header); id != "" {
		text += " [request id " + clean(id, 80) + "]"
	}
	next := "Check the region and the endpoint settings; if they are right, call again later."
	if r.status >= 300 && r.status < 400 {
		next = "Redirects are not followed, so that credentials reach no other host: check the endpoint settings and the proxy."
	}
	return &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceCloud, Message: redact(text+". "+next, r.allSecrets())}
}
