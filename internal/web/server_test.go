package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/web"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	_, url, _ := start(t, web.Config{Ready: func() error {
		if broken.Load() {
			return errors.New("a detail for the log")
		}
		return nil
	}})
	for path, want := range map[string]string{"/healthz": `{"alive":true}`, "/readyz": `{"ready":true}`} {
		if a := ask(t, http.MethodGet, url+path, ""); a.status != 200 || strings.TrimSpace(a.body) != want {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
	}
	broken.Store(true)
	if a := ask(t, http.MethodGet, url+"/readyz", ""); a.status != 503 || strings.Contains(a.body, "detail") {
		t.Errorf("not ready: %d %q", a.status, a.body)
	}
	if a := ask(t, http.MethodGet, url+"/healthz", ""); a.status != 200 {
		t.Errorf("alive: %d", a.status)
	}
	if a := ask(t, http.MethodGet, url+"/elsewhere", ""); a.status != 404 || errorOf(t, a) != "not_found" {
		t.Errorf("an unknown path: %d %q", a.status, a.body)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	g, _ := gate(t, "    metrics: true\n")
	s, url, _ := start(t, web.Config{Access: g, Metrics: metrics, MetricsAddr: "127.0.0.1:0"})
	if a := ask(t, http.MethodGet, url+"/metrics", ""); a.status != 401 {
		t.Errorf("without a token: %d", a.status)
	}
	if a := ask(t, http.MethodGet, url+"/metrics", "", "Authorization: Bearer "+other); a.status != 403 {
		t.Errorf("with the token of one who may not: %d %q", a.status, a.body)
	}
	if a := ask(t, http.MethodGet, url+"/metrics", "", "Authorization: Bearer "+token); a.status != 200 || a.body != "up 1\n" {
		t.Errorf("with one: %d %q", a.status, a.body)
	}
	own := "http://" + s.MetricsAddr().String()
	if a := ask(t, http.MethodGet, own+"/metrics", ""); a.status != 200 {
		t.Errorf("on the address of their own: %d", a.status)
	}
	if a := ask(t, http.MethodPost, own+"/mcp", call, "Authorization: Bearer "+token); a.status != 404 {
		t.Errorf("the endpoint on the address of the metrics: %d", a.status)
	}
	if a := ask(t, http.MethodGet, own+"/metrics", "", "Host: evil.example"); a.status != 403 {
		t.Errorf("a stranger's name: %d", a.status)
	}
	_, url, _ = start(t, web.Config{Metrics: metrics})
	if a := ask(t, http.MethodGet, url+"/metrics", ""); a.status != 200 {
		t.Errorf("on loopback, where nobody has a token: %d", a.status)
	}
}

// shelf has one file for alice.
type shelf struct{}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (shelf) Open(ctx context.Context, id, name string) (web.Artifact, error) {
	if access.CallerOf(ctx).Name != "alice" || id != "abc" || name != "tä b.html" {
		return web.Artifact{}, fs.ErrNotExist
	}
	return web.Artifact{
		Content: content{bytes.NewReader([]byte("<script>0123456789"))}, Name: name, MediaType: "text/html", SHA256: "00ff", ModTime: time.Unix(1e9, 0),
	}, nil
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	g, _ := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, Artifacts: shelf{}})
	file, alice := url+"/artifacts/abc/t%C3%A4%20b.html", "Authorization: Bearer "+token
	a := ask(t, http.MethodGet, file, "", alice)
	h := a.header
	if a.status != 200 || a.body != "<script>0123456789" || h.Get("ETag") != `"00ff"` || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") ||
		h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Type") != "text/html" {
		t.Errorf("got %d %v %q", a.status, h, a.body)
	}
	if a := ask(t, http.MethodGet, file, "", alice, "Range: bytes=8-11"); a.status != 206 || a.body != "0123" || a.header.Get("Content-Range") != "bytes 8-11/18" {
		t.Errorf("a range: %d %q", a.status, a.body)
	}
	if a := ask(t, http.MethodGet, file, "", alice, "Range: bytes=99-"); a.status != 416 {
		t.Errorf("a range beyond the end: %d", a.status)
	}
	if a := ask(t, http.MethodGet, file, "", alice, `If-None-Match: "00ff"`); a.status != 304 {
		t.Errorf("a file that is known: %d", a.status)
	}
	if a := ask(t, http.MethodHead, file, "", alice); a.status != 200 || a.body != "" || a.header.Get("Content-Length") != "18" {
		t.Errorf("HEAD: %d %v %q", a.status, a.header, a.body)
	}
	if a := ask(t, http.MethodPost, file, "", alice); a.status != 404 && a.status != 405 {
		t.Errorf("POST: %d", a.status)
	}
	if a := ask(t, http.MethodGet, file, ""); a.status != 401 {
		t.Errorf("nobody: %d", a.status)
	}
	bobs := ask(t, http.MethodGet, file, "", "Authorization: Bearer "+other)
	none := ask(t, http.MethodGet, url+"/artifacts/abc/other", "", "Authorization: Bearer "+other)
	if bobs.status != 404 || bobs.body != none.body {
		t.Errorf("another's file: %d %q, and no file: %d %q", bobs.status, bobs.body, none.status, none.body)
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	_, url, _ := start(t, web.Config{MCP: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a detail") })})
	for range 2 {
		if a := ask(t, http.MethodPost, url+"/mcp", call); a.status != 500 || strings.Contains(a.body, "detail") {
			t.Errorf("got %d %q", a.status, a.body)
		}
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	drained := make(chan struct{})
	s, url, stop := start(t, web.Config{
		MetricsAddr: "127.0.0.1:0",
		OnDrain:     func(context.Context) { close(drained) },
		MCP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-finish
			_, _ = w.Write([]byte("done " + map[bool]string{true: "alive", false: "cancelled"}[r.Context().Err() == nil]))
		}),
	})
	old := dial(t, url) // accepted before the call below
	if _, err := old.Write([]byte(smallCall[:20])); err != nil {
		t.Fatal(err)
	}
	answered := make(chan answer, 1)
	go func() { answered <- ask(t, http.MethodPost, url+"/mcp", call) }()
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	<-drained
	for { // until the listener is closed
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	beside := "http://" + s.MetricsAddr().String()
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200} {
		if a := ask(t, http.MethodGet, beside+path, ""); a.status != want {
			t.Errorf("%s while the server ends: %d, want %d", path, a.status, want)
		}
	}
	if _, err := old.Write([]byte(smallCall[20:])); err != nil {
		t.Fatal(err)
	}
	if status, err := bufio.NewReader(old).ReadString('\n'); err == nil && !strings.Contains(status, "503") {
		t.Errorf("a request on an old connection, which is closed or refused: %q", status)
	}
	close(finish)
	if a := <-answered; a.body != "done alive" {
		t.Errorf("the running call: %d %q", a.status, a.body)
	}
	if err := <-ended; err != nil {
		t.Errorf("ending: %v", err)
	}
}

const smallCall = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"

func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	_, url, stop := start(t, web.Config{Limits: web.Limits{Drain: 100 * time.Millisecond}, MCP: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done() // which comes when the time is over
	})})
	conn := dial(t, url)
	if _, err := conn.Write([]byte(smallCall)); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := stop(); err == nil || !strings.Contains(err.Error(), "they were cut") {
		t.Errorf("ending: %v", err)
	}
	if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the connection: %v", err)
	}
}

// writePair makes a certificate for localhost with a serial number.
func writePair(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writePair(t, dir, 1)
	g, _ := gate(t, "")
	_, url, _ := start(t, web.Config{Access: g, TLSCert: cert, TLSKey: key})
	serial := func(version uint16) int64 {
		t.Helper()
		// The certificate of each run is its own authority; the test looks at its number alone.
		dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MaxVersion: version}}
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "https://"))
		if err != nil {
			return 0
		}
		defer func() { _ = conn.Close() }()
		own, _ := conn.(*tls.Conn)
		return own.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(tls.VersionTLS13); n != 1 {
		t.Fatalf("the certificate is number %d", n)
	}
	if n := serial(tls.VersionTLS11); n != 0 {
		t.Error("TLS 1.1 is accepted")
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := serial(tls.VersionTLS13); n != 1 {
		t.Errorf("with a broken file the certificate is number %d", n)
	}
	writePair(t, dir, 2)
	for deadline := time.Now().Add(10 * time.Second); serial(tls.VersionTLS13) != 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a new certificate is not served after 10 s")
		}
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	if a := askWith(t, client, http.MethodPost, url+"/mcp", call, "Authorization: Bearer "+token); a.status != 200 || a.body != "alice:"+call+":<nil>:" {
		t.Errorf("over HTTP/2: %d %q", a.status, a.body)
	}
	if a := askWith(t, client, http.MethodPost, url+"/mcp", call, "Authorization: Bearer "+token, "Origin: "+url); a.status != 200 {
		t.Errorf("its own page: %d", a.status)
	}
	if got := raw(t, strings.TrimPrefix(url, "https://"), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); !strings.Contains(got, "400 Bad Request") {
		t.Errorf("plain HTTP on the port of TLS: %q", got)
	}
}
