package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/internal/access/accesstest"
)

// TestBadRequestsOverHTTP sends what no client should; each is answered with the protocol's own error, and the server serves on.
func TestBadRequestsOverHTTP(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{})
	session := s.session(t, "")
	modern := func(method string, more ...string) []string {
		return append([]string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", method}, more...)
	}
	for name, tc := range map[string]struct {
		method, body string
		headers      []string
		want         string
	}{
		"broken JSON":           {"", `{"jsonrpc":"2.0","id":1,`, session, "400 -32700"},
		"not JSON":              {"", "\x00\xff\xfe", session, "400 -32700"},
		"empty":                 {"", "", session, "400 -32700"},
		"a text":                {"", `"initialize"`, session, "400 -32600"},
		"deep":                  {"", strings.Repeat("[", 100_000), session, "400 -32700"},
		"no version":            {"", `{"id":1,"method":"tools/list"}`, session, "400 -32600"},
		"version 1.0":           {"", `{"jsonrpc":"1.0","id":1,"method":"tools/list"}`, session, "400 -32600"},
		"id is null":            {"", `{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, session, "400 -32600"},
		"id is an object":       {"", `{"jsonrpc":"2.0","id":{},"method":"tools/list"}`, session, "400 -32600"},
		"a batch":               {"", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, session, "400 -32600"},
		"unknown method":        {"", `{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}`, session, "200 -32601"},
		"unknown, modern":       {"", modernMessage(1, "tools/destroy", ""), modern("tools/destroy"), "404 -32601"},
		"unknown tool":          {"", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}`, session, "200 -32602"},
		"odd parameters":        {"", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}`, session, "400 -32602"},
		"unknown cancel":        {"", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}`, session, "202"},
		"odd cancel":            {"", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}`, session, "400 -32602"},
		"unknown answer":        {"", `{"jsonrpc":"2.0","id":99,"result":{}}`, session, "202"},
		"unknown session":       {"", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, []string{"Mcp-Session-Id", "none"}, "404 -32001"},
		"no session":            {"", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, nil, "400 -32600"},
		"unknown revision":      {"", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, append([]string{"Mcp-Protocol-Version", "1999-01-01"}, session[:2]...), "400"},
		"revisions differ":      {"", modernMessage(1, "tools/list", ""), []string{"Mcp-Protocol-Version", "2025-11-25", "Mcp-Method", "tools/list"}, "400"},
		"method differs":        {"", modernMessage(1, "tools/list", ""), modern("prompts/list"), "400 -32020"},
		"name differs":          {"", modernMessage(1, "tools/call", `"name":"artifact_list",`), modern("tools/call", "Mcp-Name", "artifact_read"), "400 -32020"},
		"form":                  {"", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, "415"},
		"accepts HTML":          {"", initializeMessage, []string{"Accept", "text/html"}, "406"},
		"put":                   {http.MethodPut, initializeMessage, nil, "405"},
		"rebound name":          {"", initializeMessage, []string{"Host", "evil.example"}, "403"},
		"another origin":        {"", initializeMessage, []string{"Origin", "https://evil.example"}, "403"},
		"origin null":           {"", initializeMessage, []string{"Origin", "null"}, "403"},
		"name that looks local": {"", initializeMessage, []string{"Host", "127.0.0.1.evil.example"}, "403"},
	} {
		method := tc.method
		if method == "" {
			method = http.MethodPost
		}
		a := s.request(t, method, s.url+"/mcp", tc.body, tc.headers...)
		status, code, _ := strings.Cut(tc.want, " ")
		if fmt.Sprint(a.status) != status || !strings.Contains(a.body, code) {
			t.Errorf("%s: answered by %d %.300s, want %s", name, a.status, a.body, tc.want)
		}
	}
	for _, path := range []string{"/metrics", "/artifacts/x/y"} {
		if a := s.request(t, http.MethodGet, s.url+path, "", "Host", "evil.example"); a.status != http.StatusForbidden {
			t.Errorf("%s: a rebound name is answered by %d", path, a.status)
		}
	}
	s.stillAnswers(t)
}

// TestServerBehindAProxy is called by its public name, which the proxy passes on or not, also by its own web pages.
func TestServerBehindAProxy(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{
		access: callers(caller(t, "ann")), args: []string{"--public-url", "https://mcp.example.com", "--allow-origin", "https://app.example.com"},
	})
	for name, tc := range map[string]struct {
		headers []string
		status  int
	}{
		"name kept":          {[]string{"Host", "mcp.example.com"}, 200},
		"name changed":       {nil, 200},
		"own page":           {[]string{"Host", "mcp.example.com", "Origin", "https://mcp.example.com"}, 200},
		"own page, changed":  {[]string{"Origin", "https://mcp.example.com"}, 200},
		"page that may":      {[]string{"Origin", "https://app.example.com"}, 200},
		"page that may not":  {[]string{"Origin", "https://evil.example"}, 403},
		"page without TLS":   {[]string{"Host", "mcp.example.com", "Origin", "http://mcp.example.com"}, 403},
		"another name":       {[]string{"Host", "evil.example"}, 403},
		"another's own page": {[]string{"Host", "evil.example", "Origin", "http://evil.example"}, 403},
	} {
		if a := s.post(t, "ann", initializeMessage, tc.headers...); a.status != tc.status {
			t.Errorf("%s: answered by %d %s", name, a.status, a.body)
		}
	}
}

// TestDuplicateIDs has two requests of one id at the same time.
func TestDuplicateIDs(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{})
	session := s.session(t, "")
	s.cloud.SetFaults(hanging)
	const call = `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"rfs_list_templates","arguments":{}}}`
	first := make(chan httpAnswer, 1)
	go func() {
		a, _ := s.try(t.Context(), http.MethodPost, s.url+"/mcp", call, session...)
		first <- a
	}()
	waitFor(t, "the first to run", func() bool { return len(s.cloud.Requests()) > 0 })
	if a := s.request(t, http.MethodPost, s.url+"/mcp", call, session...); a.status != http.StatusBadRequest || !strings.Contains(a.body, "-32600") {
		t.Errorf("the second is answered by %d %s", a.status, a.body)
	}
	// Another session's request of that id is another request, which that session's cancellation ends, and no other does.
	other := s.session(t, "")
	cancel := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}`
	s.request(t, http.MethodPost, s.url+"/mcp", cancel, other...)
	select {
	case a := <-first:
		t.Errorf("another session's cancellation ended the call: %d %s", a.status, a.body)
	default:
	}
	s.request(t, http.MethodPost, s.url+"/mcp", cancel, session...)
	if a := <-first; strings.Contains(a.body, "result") {
		t.Errorf("a cancelled call was answered by %d %s", a.status, a.body)
	}
	s.cloud.SetFaults()
	s.stillAnswers(t)
}

// TestSmuggledRequests sends what a proxy and the server could each read in another way. Nothing hidden may be answered.
func TestSmuggledRequests(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann"))})
	const hidden = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	post := "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	authorized := "Authorization: Bearer " + tokenOf("ann") + "\r\n"
	for name, text := range map[string]string{
		"two lengths":         post + authorized + "Content-Length: 0\r\nContent-Length: " + fmt.Sprint(len(hidden)) + "\r\n\r\n" + hidden,
		"length and chunks":   post + authorized + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"odd encoding":        post + authorized + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
		"two tokens":          post + authorized + "Authorization: Bearer other-token-of-another\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
		"two hosts":           post + "Host: evil.example\r\n" + authorized + "Content-Length: 2\r\n\r\n{}",
		"space before colon":  post + "Authorization : Bearer x\r\nContent-Length: 0\r\n\r\n" + hidden,
		"folded header":       post + "Authorization: Bearer\r\n " + tokenOf("ann") + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"line feed in header": post + "X: a\nb c\r\nContent-Length: 0\r\n\r\n" + hidden,
		"two sessions":        post + authorized + "Mcp-Session-Id: a\r\nMcp-Session-Id: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
		"absolute":            "POST http://evil.example/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n" + authorized + "Content-Length: 2\r\nConnection: close\r\n\r\n{}",
		"HTTP/0.9":            "GET /metrics\r\n\r\n",
		"HTTP/2 unasked":      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"no HTTP":             "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a greeting of TLS\r\n\r\n",
		"half a request":      post[:40],
	} {
		c := s.connect(t, text)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		for _, status := range readAnswers(c) {
			if status < 400 {
				t.Errorf("%s: answered by %d", name, status)
			}
		}
	}
	if r := callTool(t, s.as(t, "ann"), "artifact_list", nil); r.IsError {
		t.Error(textOf(r))
	}
}

// TestServerWithTLS serves on all addresses of the machine, with the certificate that Go's own tests have.
func TestServerWithTLS(t *testing.T) {
	t.Parallel()
	example := httptest.NewTLSServer(nil)
	defer example.Close()
	pair := example.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	files := accesstest.File(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		"key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	roots := x509.NewCertPool()
	roots.AddCert(example.Certificate())
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	t.Cleanup(client.CloseIdleConnections)
	s := startTeam(t, teamOptions{
		scheme: "https", client: client, access: callers(caller(t, "ann")),
		args: []string{"--http", "0.0.0.0:0", "--tls-cert", files, "--tls-key", filepath.Join(filepath.Dir(files), "key.pem")},
	})
	if r := callTool(t, s.as(t, "ann"), "rfs_list_templates", nil); r.IsError {
		t.Error(textOf(r))
	}
	if a := s.post(t, "", initializeMessage); a.status != http.StatusUnauthorized {
		t.Errorf("without a token: answered by %d", a.status)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", MaxVersion: tls.VersionTLS11}}}
	if _, err := (&team{client: old}).try(t.Context(), http.MethodGet, s.url+"/healthz", ""); err == nil {
		t.Error("a version of TLS that is too old is served")
	}
	if a, err := (&team{client: &http.Client{}}).try(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(s.url, "https")+"/healthz", ""); err == nil && a.status < 400 {
		t.Errorf("without TLS: answered by %d", a.status)
	}
	if err := os.Remove(files); err != nil { // the certificate that is loaded stays
		t.Fatal(err)
	}
	if a := s.request(t, http.MethodGet, s.url+"/healthz", ""); a.status != http.StatusOK {
		t.Errorf("after its file is gone: answered by %d", a.status)
	}
}
