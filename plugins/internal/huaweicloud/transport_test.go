package huaweicloud

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// secure serves https with HTTP/2 and returns the file of its certificate.
func secure(t *testing.T, handler http.HandlerFunc) (server *httptest.Server, certFile string) {
	t.Helper()
	server = httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	certFile = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(certFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return server, certFile
}

func TestCertificateFileAndProtocols(t *testing.T) {
	t.Parallel()
	protocol, closing, reused := "", false, map[string]int{}
	server, file := secure(t, func(w http.ResponseWriter, r *http.Request) {
		protocol, closing = r.Proto, r.Close
		reused[r.RemoteAddr]++
		write(w, "{}")
	})
	c, _ := client(t, DRS, withKey(DRS, server).with(envCertFile, file))
	for _, once := range []bool{false, true, false, true} {
		r := listJobs()
		r.OnceOnly = once
		if _, err := c.JSON(t.Context(), Target{}, r, nil); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "HTTP/2.0", true: "HTTP/1.1"}[once]
		if protocol != want || closing != once {
			t.Errorf("once-only %t went over %s, want %s; the connection ends with it: %t", once, protocol, want, closing)
		}
	}
	if len(reused) != 3 {
		t.Errorf("connections %v, want one shared by two requests and two of their own", reused)
	}
}

func TestCertificateFileMistakes(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	for file, want := range map[string]string{empty: "without a certificate", "/no/such/file": "cannot be read"} {
		c, _ := client(t, DRS, withKey(DRS, server).with(envCertFile, file))
		_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
		e := problemOf(t, err)
		mention(t, e, envCertFile, want)
		if strings.Contains(e.Message, "/no/such") {
			t.Errorf("the message holds a path of the host: %s", e.Message)
		}
	}
}

// TestRedirectsAreNotFollowed points every kind of redirect at another host, which must stay unasked.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/?Signature="+testSignature, status)
		})
		c, _ := client(t, RFS, withKey(RFS, server).with(envToken, testToken))
		_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
		mention(t, problemOf(t, err), "a redirect", fmt.Sprint(status))
	}
	if asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// TestWhatWasSentIsKnownByTheFact has an error that looks like one of the handshake, after the request had left.
func TestWhatWasSentIsKnownByTheFact(t *testing.T) {
	t.Parallel()
	err := tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}
	if before, after := classify(err).unsent, classify(sentError{err}).unsent; !before || after {
		t.Errorf("not sent: %v before the request and %v after it", before, after)
	}
}
