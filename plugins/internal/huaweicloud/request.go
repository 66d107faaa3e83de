package huaweicloud

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"mcp-server/sdk"
)

const projectID = "project_id"

// ProjectSegment stands for the project id in a [Request]'s path.
const ProjectSegment = "{" + projectID + "}"

// Request is one API operation.
type Request struct {
	// Operation is the operation's name in the API reference, such as "ShowTemplateVersionContent".
	Operation string
	// Method is the HTTP method; GET when empty.
	Method string
	// Path are the path's segments, unescaped; each is sent as exactly one segment. A segment in braces, such as
	// {instance_id}, becomes the id of that name, so that the path itself can be shown. [ProjectSegment] becomes the project id.
	Path []string
	// IDs are the ids in the path by their names.
	IDs map[string]string
	// Query are the query parameters.
	Query url.Values
	// Header are further headers, such as X-Language. Content-Type and, for RFS, Client-Request-Id are set without it.
	Header http.Header
	// Body is sent as JSON; nil for none.
	Body any
	// Idempotent marks a POST that only reads, so that it may be repeated like a GET.
	Idempotent bool
	// OnceOnly marks a request that must reach the cloud once at most: it gets a connection of its own and is never sent again.
	OnceOnly bool
}

// Response is what is left of a reply apart from its body.
type Response struct {
	Status    int
	Header    http.Header
	RequestID string
}

// shot is a request that is ready to go, apart from its date and signature.
type shot struct {
	service    Service
	operation  string
	method     string
	url        *url.URL
	route      string // the path without its ids
	region     string // empty when only the endpoint is known
	attempts   *int   // how often it was sent, together with what goes on or begins again in its place; nil is none
	loopback   bool   // the endpoint is an override on this machine
	header     http.Header
	body       []byte
	credential credential
	secrets    []string // what must not appear in an error, besides the credential
	project    string
	repeat     repeat
	fresh      bool          // a connection of its own
	buffer     bool          // read the body before returning, as part of the attempt
	wait       time.Duration // for the reply to begin
}

// repeat says when a shot may be sent again.
type repeat int

const (
	repeatNever    repeat = iota
	repeatRejected        // when it was surely not processed: 429, or no connection
	repeatAlways          // also after 5xx and broken connections
)

// prepare resolves where a request goes and who asks.
func (c *Client) prepare(ctx context.Context, t Target, r Request) (shot, error) {
	place, err := c.place(t)
	if err != nil {
		return shot{}, err
	}
	body, err := encodeBody(r.Body)
	if err != nil {
		return shot{}, err
	}
	cred, err := c.credential(ctx, place)
	if err != nil {
		return shot{}, err
	}
	project, err := c.projectID(ctx, place, cred, r.Path)
	if err != nil {
		return shot{}, err
	}
	ids := map[string]string{projectID: project}
	maps.Copy(ids, r.IDs)
	target, err := requestURL(place.endpoint.url, r.Path, ids, r.Query)
	if err != nil {
		return shot{}, err
	}
	s := shot{
		service: c.service, operation: r.Operation, method: r.method(), url: target, loopback: place.endpoint.loopback(), route: routeOf(r.Path), region: place.region, attempts: new(int),
		header: r.Header.Clone(), body: body, credential: cred, project: project, repeat: r.repeat(), fresh: r.OnceOnly, wait: c.limits.answer,
	}
	if s.header == nil {
		s.header = http.Header{}
	}
	s.header.Set("Content-Type", "application/json") // several gateways insist on it, for GET too
	if cred.token == "" && project != "" {
		s.header.Set("X-Project-Id", project)
	}
	if c.service == RFS && s.header.Get("Client-Request-Id") == "" {
		s.header.Set("Client-Request-Id", uuid.NewString()) // mandatory; the same for every retry
	}
	return s, nil
}

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func (r Request) repeat() repeat {
	switch {
	case r.OnceOnly:
		return repeatNever
	case r.method() == http.MethodGet, r.Idempotent:
		return repeatAlways
	}
	return repeatRejected
}

func encodeBody(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("encoding the request's body: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func routeOf(path []string) string { return "/" + strings.Join(path, "/") }

// idName is the name of the id that a segment in braces stands for.
func idName(segment string) (name string, isID bool) {
	name, open := strings.CutPrefix(segment, "{")
	name, closed := strings.CutSuffix(name, "}")
	return name, open && closed
}

// requestURL escapes path and query in the one way that the signature knows, so that what is signed is what is sent.
func requestURL(endpoint *url.URL, path []string, ids map[string]string, query url.Values) (*url.URL, error) {
	plain, escaped := make([]string, 0, len(path)), make([]string, 0, len(path))
	for _, segment := range path {
		if name, isID := idName(segment); isID {
			segment = ids[name]
		}
		if segment == "" || segment == "." || segment == ".." {
			return nil, &sdk.Error{
				Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument,
				Message: fmt.Sprintf("%q cannot be an id or a name; give the one that the list tool returned", segment),
			}
		}
		plain, escaped = append(plain, segment), append(escaped, escape(segment))
	}
	u := *endpoint
	u.Path, u.RawPath = "/"+strings.Join(plain, "/"), "/"+strings.Join(escaped, "/")
	u.RawQuery = canonicalQuery(query)
	return &u, nil
}
