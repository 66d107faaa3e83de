package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// TestStoredFilesOverHTTP fetches a stored file as a program would that cannot see the server's disk: whole, in ranges, and
// not again when it is there already.
func TestStoredFilesOverHTTP(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann")), args: []string{"--public-url", "https://mcp.example.com/"}})
	r := callTool(t, s.as(t, "ann"), downloadArchive, archiveArguments())
	if r.IsError {
		t.Fatal(textOf(r))
	}
	uri := fmt.Sprint(artifactOf(results{"": structured(t, r)}, "")["uri"])
	content, _ := s.cloud.Content("roma/" + emulator.ROMAArchiveID)
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:]) + `"`
	path := "/artifacts/" + strings.TrimPrefix(uri, "artifact://")
	for name, tc := range map[string]struct {
		method  string
		headers []string
		status  int
		want    []byte
	}{
		"whole":           {http.MethodGet, nil, 200, content},
		"head":            {http.MethodHead, nil, 200, nil},
		"first bytes":     {http.MethodGet, []string{"Range", "bytes=0-99"}, 206, content[:100]},
		"middle":          {http.MethodGet, []string{"Range", "bytes=1000-1999", "If-Range", tag}, 206, content[1000:2000]},
		"last bytes":      {http.MethodGet, []string{"Range", "bytes=-7"}, 206, content[len(content)-7:]},
		"changed since":   {http.MethodGet, []string{"Range", "bytes=0-99", "If-Range", `"other"`}, 200, content},
		"beyond":          {http.MethodGet, []string{"Range", "bytes=999999999-"}, 416, nil},
		"known":           {http.MethodGet, []string{"If-None-Match", tag}, 304, nil},
		"known, head":     {http.MethodHead, []string{"If-None-Match", tag}, 304, nil},
		"another's known": {http.MethodGet, []string{"If-None-Match", `"other"`}, 200, content},
		"must match":      {http.MethodGet, []string{"If-Match", `"other"`}, 412, nil},
		"write":           {http.MethodPut, nil, 404, nil},
	} {
		a := s.request(t, tc.method, s.url+path, "", append(authorization("ann"), tc.headers...)...)
		if a.status != tc.status || tc.want != nil && !bytes.Equal([]byte(a.body), tc.want) {
			t.Errorf("%s: answered by %d with %d bytes, want %d", name, a.status, len(a.body), len(tc.want))
		}
		if h := a.header; tc.status < 400 && h.Get("ETag") != tag || tc.status == 200 && (h.Get("Accept-Ranges") != "bytes" ||
			h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=") ||
			h.Get("Content-Length") != strconv.Itoa(len(content))) {
			t.Errorf("%s: the header is %v", name, h)
		}
	}
	for name, path := range map[string]string{
		"other name": path + "x", "other id": "/artifacts/0123456789abcdef/" + path[strings.LastIndex(path, "/")+1:],
		"above": "/artifacts/..%2f..%2fartifacts/x", "up": "/artifacts/x/..%2f..%2f..%2fetc%2fpasswd", "record": path[:strings.LastIndex(path, "/")] + "/.record.json",
	} {
		if a := s.request(t, http.MethodGet, s.url+path, "", authorization("ann")...); a.status != http.StatusNotFound {
			t.Errorf("%s: answered by %d %.100s", name, a.status, a.body)
		}
	}
	checkLink(t, r, "https://mcp.example.com"+path)
}

// checkLink wants a result to say where its file is for one who is not on the server's machine.
func checkLink(t *testing.T, r *mcp.CallToolResult, url string) {
	t.Helper()
	for _, c := range r.Content {
		if link, ok := c.(*mcp.ResourceLink); ok && strings.Contains(link.Description, url) {
			return
		}
	}
	t.Errorf("no link says that the file is at %s: %s", url, textOf(r))
}
