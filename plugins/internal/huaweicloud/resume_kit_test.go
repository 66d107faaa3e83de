package huaweicloud

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mcp-server/sdk"
)

// rangeServer has one file and takes ranges, as OBS does. Every reply ends after a number of bytes.
type rangeServer struct {
	content []byte
	header  http.Header // of every reply
	cut     int         // bytes of each reply, 0 for all
	reset   bool        // the connection is reset then: what is still on the way is lost, too
	// spoil answers a request in another way; it returns false to leave it to the server.
	spoil func(w http.ResponseWriter, r *http.Request, number int) bool

	mu     sync.Mutex
	ranges []string // the Range header of each request
	ifs    []string // and its If-Range
}

const testTag = `"tag-1"`

func newRangeServer(content []byte) *rangeServer {
	return &rangeServer{content: content, header: http.Header{"Accept-Ranges": {"bytes"}, "Etag": {testTag}, "X-Request-Id": {"req-9"}}}
}

func (s *rangeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ranges, s.ifs = append(s.ranges, r.Header.Get("Range")), append(s.ifs, r.Header.Get("If-Range"))
	number := len(s.ranges)
	s.mu.Unlock()
	for name, values := range s.header {
		w.Header()[name] = values
	}
	if s.spoil != nil && s.spoil(w, r, number) {
		return
	}
	from, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"))
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.content)-1, len(s.content)))
		s.send(w, http.StatusPartialContent, s.content[from:])
		return
	}
	s.send(w, http.StatusOK, s.content)
}

// send sends a body, or promises it and ends the connection after the cut.
func (s *rangeServer) send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if s.cut <= 0 || len(body) <= s.cut {
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:s.cut])
	control := http.NewResponseController(w)
	_ = control.Flush()
	if conn, _, err := control.Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok && s.reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// asked returns the Range and If-Range headers of the requests so far.
func (s *rangeServer) asked() (ranges, ifs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ranges...), append([]string(nil), s.ifs...)
}

// ways are the kinds of downloads that may be repeated, at the server.
func ways(t *testing.T, s *rangeServer, d Download) map[string]sdk.Tool {
	server := serve(t, s.ServeHTTP)
	c, _ := client(t, RFS, withKey(RFS, server))
	return map[string]sdk.Tool{
		"link": tool(func(ctx context.Context, call *sdk.Call, _ Target) (DownloadResult, error) {
			return c.DownloadLink(ctx, Target{}, func(context.Context) (*url.URL, error) { return url.Parse(server.URL + "/k" + signed) }, call, d)
		}),
		"api": downloadTool(c, template(), d),
	}
}
