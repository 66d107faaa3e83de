package clients

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// witness stands between a client that does not tell all and the server, and keeps what the server wrote.
type witness struct {
	line []string // on standard input and output: in place of the server's command line
	url  string   // over HTTP: in place of the server's
	said func() string
}

func newWitness(t *testing.T, s *server) *witness {
	t.Helper()
	if s.url == "" {
		file := filepath.Join(t.TempDir(), "said")
		return &witness{
			line: append([]string{"/bin/sh", "-c", `file=$1; shift; "$@" | tee -a "$file"`, "sh", file}, s.line...),
			said: func() string {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				return string(content)
			},
		}
	}
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	var said syncBuffer
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Host, r.Out.URL.Scheme, r.Out.Host = target.Host, target.Scheme, target.Host
		},
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, 0), // a client that hangs up is no error here
		ModifyResponse: func(r *http.Response) error {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r.Body, &said), r.Body}
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	return &witness{url: front.URL + target.Path, said: said.String}
}

// progress returns the progress that the server reported, from lines of JSON or of an event stream.
func (w *witness) progress(t *testing.T) []float64 {
	t.Helper()
	var values []float64
	lines := bufio.NewScanner(strings.NewReader(w.said()))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var message struct {
			Method string
			Params struct {
				ProgressToken any
				Progress      float64
			}
		}
		text := strings.TrimPrefix(lines.Text(), "data:")
		if json.Unmarshal([]byte(text), &message) == nil && message.Method == "notifications/progress" && message.Params.ProgressToken == "inspector" {
			values = append(values, message.Params.Progress)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}
