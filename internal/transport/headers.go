package transport

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"mcp-server/internal/host"
)

// repeated names a header of MCP that is there twice: a proxy and this server could each believe another one.
func repeated(h http.Header) string {
	for name, values := range h {
		if len(values) < 2 {
			continue
		}
		if strings.HasPrefix(name, "Mcp-") || name == "Last-Event-Id" || name == "Content-Type" || name == "Origin" {
			return name
		}
	}
	return ""
}

// accepts reports whether the client takes a media type. One that says nothing takes all.
func accepts(h http.Header, mediaType string) bool {
	values := h.Values("Accept")
	if len(values) == 0 {
		return true
	}
	family, _, _ := strings.Cut(mediaType, "/")
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			switch name, _, _ := strings.Cut(item, ";"); strings.ToLower(strings.TrimSpace(name)) {
			case mediaType, family + "/*", "*/*":
				return true
			}
		}
	}
	return false
}

func isJSON(h http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && mediaType == "application/json"
}

// checkModern holds the headers of a request of 2026-07-28 against its body.
func (t *Transport) checkModern(h http.Header, m *message) *host.RPCError {
	stated, inBody := h.Get(mcp.HeaderProtocolVersion), m.version()
	switch {
	case h.Get(mcp.HeaderLastEventID) != "":
		return refuse(mcp.HEADER_MISMATCH, "streams cannot be resumed in this revision; send the request again with a new id")
	case stated == "":
		return refuse(mcp.HEADER_MISMATCH, "the header "+mcp.HeaderProtocolVersion+" is missing")
	case inBody == "":
		return refuse(mcp.INVALID_PARAMS, "missing or invalid _meta field "+mcp.MetaKeyProtocolVersion)
	case stated != inBody:
		return refuse(mcp.HEADER_MISMATCH, "the header "+mcp.HeaderProtocolVersion+" and the _meta field name different revisions")
	case !mcp.IsValidProtocolVersion(inBody):
		return nil // mcp-go names the revisions that there are
	}
	if err := mcp.ValidateStandardHeaders(h.Get, inBody, mcp.MCPMethod(m.method), m.params.raw); err != nil {
		return mismatch(err)
	}
	return t.checkNamed(h, m)
}

// checkNamed compares the headers that repeat a part of the parameters: a task's id, and arguments.
func (t *Transport) checkNamed(h http.Header, m *message) *host.RPCError {
	if namesTask(m.method) {
		name, ok := mcp.DecodeHeaderValue(h.Get(mcp.HeaderName))
		if !ok || name == "" || name != text(m.params.TaskID) {
			return refuse(mcp.HEADER_MISMATCH, "the header "+mcp.HeaderName+" must be the request's taskId")
		}
	}
	if m.method != string(mcp.MethodToolsCall) {
		return nil
	}
	name, _ := mcp.ExtractHeaderName(mcp.MethodToolsCall, m.params.raw)
	tool := t.mcp.GetTool(name)
	if tool == nil {
		return nil // mcp-go says that there is none
	}
	lookup := func(name string) (string, bool) {
		values := h.Values(name)
		if len(values) == 0 {
			return "", false
		}
		return values[0], true
	}
	if err := mcp.ValidateParamHeadersLookup(lookup, &tool.Tool, m.params.raw); err != nil {
		return mismatch(err)
	}
	return nil
}

func mismatch(err error) *host.RPCError {
	if known, ok := errors.AsType[mcp.HeaderMismatchError](err); ok {
		return refuse(mcp.HEADER_MISMATCH, known.Error())
	}
	return refuse(mcp.INVALID_PARAMS, err.Error())
}

// modernStatus is the HTTP status that 2026-07-28 wants for an error.
func modernStatus(code int) int {
	switch code {
	case mcp.METHOD_NOT_FOUND:
		return http.StatusNotFound
	case mcp.HEADER_MISMATCH, mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, mcp.UNSUPPORTED_PROTOCOL_VERSION,
		mcp.INVALID_REQUEST, mcp.INVALID_PARAMS, mcp.PARSE_ERROR:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// legacyStatus is 200 for every error that is the answer to a request.
func legacyStatus(int) int { return http.StatusOK }
