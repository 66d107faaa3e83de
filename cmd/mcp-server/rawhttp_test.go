package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// httpAnswer is a whole HTTP answer.
type httpAnswer struct {
	status int
	header http.Header
	body   string
}

// request sends one request of HTTP. The headers are names and values, taking turns.
func (s *team) request(t *testing.T, method, url, body string, headers ...string) httpAnswer {
	t.Helper()
	a, err := s.try(t.Context(), method, url, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, url, err, s.log)
	}
	return a
}

func (s *team) try(ctx context.Context, method, url, body string, headers ...string) (httpAnswer, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return httpAnswer{}, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return httpAnswer{}, err
	}
	text, err := io.ReadAll(answer.Body)
	return httpAnswer{answer.StatusCode, answer.Header, string(text)}, errors.Join(err, answer.Body.Close())
}

// post sends a message to the endpoint as a caller.
func (s *team) post(t *testing.T, name, message string, headers ...string) httpAnswer {
	t.Helper()
	return s.request(t, http.MethodPost, s.url+"/mcp", message, append(authorization(name), headers...)...)
}

func authorization(name string) []string {
	if name == "" {
		return nil
	}
	return []string{"Authorization", "Bearer " + tokenOf(name)}
}

// initializeMessage begins a session of the revisions with a handshake.
const initializeMessage = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`

// session begins a session with a handshake and returns the headers of its requests.
func (s *team) session(t *testing.T, name string) []string {
	t.Helper()
	a := s.post(t, name, initializeMessage)
	id := a.header.Get("Mcp-Session-Id")
	if a.status != http.StatusOK || id == "" {
		t.Fatalf("initialize was answered by %d %s", a.status, a.body)
	}
	headers := append(authorization(name), "Mcp-Session-Id", id, "Mcp-Protocol-Version", "2025-11-25")
	s.request(t, http.MethodPost, s.url+"/mcp", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, headers...)
	return headers
}

// modernMessage is a request of 2026-07-28; params are fields of its parameters, each followed by a comma.
func modernMessage(id int, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
		`"io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`, id, method, params)
}

// stillAnswers calls a tool with a client of its own.
func (s *team) stillAnswers(t *testing.T) {
	t.Helper()
	if r := callTool(t, s.as(t, ""), "artifact_list", nil); r.IsError {
		t.Errorf("afterwards the server answers with %s", textOf(r))
	}
}

// connect opens a connection of TCP and writes to it.
func (s *team) connect(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// readAnswers reads the answers of a raw connection until it ends.
func readAnswers(c io.Reader) (statuses []int) {
	r := bufio.NewReader(c)
	for {
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, a.StatusCode)
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
	}
}
