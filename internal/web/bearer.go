package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mcp-server/internal/access"
)

// errNoToken is a request without a bearer token; errBadHeader one whose header cannot be meant.
var (
	errNoToken   = errors.New("the request has no bearer token; send the header Authorization: Bearer TOKEN")
	errBadHeader = errors.New("the request must have one Authorization header, with the word Bearer, one space and the token")
)

// bearer returns the token of the Authorization header (RFC 6750, section 2.1); tokens elsewhere do not count.
func bearer(h http.Header) (string, error) {
	values := h["Authorization"]
	switch len(values) {
	case 0:
		return "", errNoToken
	case 1:
	default:
		return "", errBadHeader
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	if !access.IsToken(token) {
		return "", errBadHeader
	}
	return token, nil
}

// authorised wraps a handler: requests without a good token are refused, the others carry their caller.
func (s *Server) authorised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.config.Access == nil {
			next.ServeHTTP(w, r)
			return
		}
		token, err := bearer(r.Header)
		if err != nil {
			s.challenge(w, r, err)
			return
		}
		caller, err := s.config.Access.Identify(r.Context(), token)
		if err != nil {
			s.challenge(w, r, err)
			return
		}
		noteCaller(w, caller.Name)
		greet(r.Context())
		ctx, cancel := context.WithCancel(access.WithCaller(r.Context(), caller))
		defer cancel()
		own := &flight{token: token, expires: caller.Expires, cancel: cancel}
		own.stream.Store(r.Method == http.MethodGet && r.URL.Path == "/mcp")
		defer s.flights.begin(own)()
		r = r.WithContext(context.WithValue(ctx, flightKey{}, own))
		r.Header = r.Header.Clone()
		r.Header.Del("Authorization") // it is for us alone, and is never passed on
		next.ServeHTTP(w, r)
	})
}

// challenge refuses a request and says how to get a token (RFC 6750, section 3; RFC 9728, section 5.1; MCP's
// authorization).
func (s *Server) challenge(w http.ResponseWriter, r *http.Request, err error) {
	status, code := http.StatusUnauthorized, "invalid_token"
	reason, caller, why := code, "", err.Error()
	refusal, refused := errors.AsType[*access.Refusal](err)
	if refused {
		caller = refusal.Caller
	}
	switch {
	case errors.Is(err, errBadHeader):
		status, code, reason = http.StatusBadRequest, "invalid_request", "invalid_header"
	case errors.Is(err, errNoToken):
		code, reason = "", "no_token"
	case !refused:
		status, code, reason = http.StatusInternalServerError, "", "internal"
	case refusal.Kind == access.Expired:
		reason = "expired"
	case refusal.Kind == access.TooFewScopes:
		status, code, reason = http.StatusForbidden, "insufficient_scope", "insufficient_scope"
	case refusal.Kind == access.NoRule:
		status, code, reason = http.StatusForbidden, "access_denied", "no_rule"
	case refusal.Kind == access.Unavailable:
		status, code, reason = http.StatusServiceUnavailable, "temporarily_unavailable", "issuer_unavailable"
		if cause := refusal.Unwrap(); cause != nil {
			why += ": " + cause.Error()
		}
		w.Header().Set("Retry-After", "5")
	}
	s.refused(r, Refusal{Status: status, Reason: reason, Caller: caller}, why)
	if status == http.StatusUnauthorized || code == "insufficient_scope" || code == "invalid_request" {
		w.Header().Set("WWW-Authenticate", s.challengeHeader(code, err.Error()))
	}
	if code == "" {
		code = "unauthorized"
	}
	fail(w, status, code, err.Error())
}

func (s *Server) challengeHeader(code, description string) string {
	parts := []string{}
	if resource, ok := s.config.Access.Resource(); ok {
		parts = append(parts, parameter("resource_metadata", metadataURL(resource.Resource)))
		if len(resource.Scopes) > 0 {
			parts = append(parts, parameter("scope", strings.Join(resource.Scopes, " ")))
		}
	} else {
		parts = append(parts, parameter("realm", "mcp-server"))
	}
	if code != "" {
		parts = append(parts, parameter("error", code), parameter("error_description", description))
	}
	return "Bearer " + strings.Join(parts, ", ")
}

// parameter writes a quoted string with the characters that OAuth allows there.
func parameter(name, value string) string {
	return name + `="` + strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, value) + `"`
}

const metadataPath = "/.well-known/oauth-protected-resource"

// metadataURL puts the well-known path between the host and the path of a resource (RFC 9728, section 3.1).
func metadataURL(resource string) string {
	u, err := url.Parse(resource)
	if err != nil {
		return "" // it was checked when the access file was read
	}
	return u.Scheme + "://" + u.Host + metadataPath + strings.TrimSuffix(u.EscapedPath(), "/")
}

// serveMetadata tells OAuth clients who issues tokens for this server (RFC 9728).
func (s *Server) serveMetadata(w http.ResponseWriter, r *http.Request) {
	if s.config.Access != nil {
		if resource, ok := s.config.Access.Resource(); ok && describes(r.URL.Path, resource.Resource) {
			w.Header().Set("Cache-Control", "max-age=300")
			reply(w, http.StatusOK, resource)
			return
		}
	}
	notFound(w, r)
}

// describes says that a path is one of those for the metadata of the resource, which may have a prefix of a proxy.
func describes(path, resource string) bool {
	u, err := url.Parse(metadataURL(resource))
	return path == metadataPath || path == metadataPath+"/mcp" || err == nil && path == u.Path
}
