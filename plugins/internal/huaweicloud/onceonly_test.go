package huaweicloud

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// TestSalvageAfterTheContext must keep what arrived although the context of the download is over.
func TestSalvageAfterTheContext(t *testing.T) {
	t.Parallel()
	c, _ := client(t, ROMA, environment{})
	r := run(t, tool(func(ctx context.Context, call *sdk.Call, _ Target) (DownloadResult, error) {
		file, err := call.CreateFile()
		if err != nil {
			return DownloadResult{}, err
		}
		defer file.Discard()
		if _, err := file.Write([]byte("PK\x03\x04 the beginning")); err != nil {
			return DownloadResult{}, err
		}
		f := &fetch{client: c, call: call, file: file, download: Download{OnceOnlyHint: hint}, progress: progress{send: call.Progress, name: "assets.zip"}}
		over, cancel := context.WithCancel(ctx)
		cancel()
		broken := &brokenError{what: reasonOf(context.Cause(over)), got: file.Size(), total: 9999, cause: context.Cause(over)}
		return DownloadResult{}, f.salvage(over, shot{service: ROMA, operation: "DownloadAssetArchive", fresh: true}, &http.Response{}, broken)
	}))
	e := refusal(t, r)
	mention(t, e, "the call was cancelled", "18 of 9999 bytes arrived", "they are kept in", hint)
	if len(r.Kept) != 1 {
		t.Fatalf("kept %v", r.Kept)
	}
	if kept, err := os.ReadFile(r.Kept[0]); err != nil || string(kept) != "PK\x03\x04 the beginning" {
		t.Errorf("kept %q, %v", kept, err)
	}
}

// TestProgressSteps bounds the number of reports: each crosses to the host and on to the client.
func TestProgressSteps(t *testing.T) {
	t.Parallel()
	c, _ := client(t, DRS, withKey(DRS, serve(t, body(make([]byte, 4<<20)))))
	r := run(t, downloadTool(c, template(), Download{Name: "x"}))
	sdktest.Decode[downloadOut](t, r)
	if n := len(r.Progress); n < 4 || n > 20 {
		t.Errorf("%d reports for 4 MiB", n)
	}
}

func TestOnceOnlyDownload(t *testing.T) {
	t.Parallel()
	content := zipOf(t, "a.json", strings.Repeat("0123456789", 1000))
	n := len(content)
	for name, test := range map[string]struct {
		cut        int
		withLength bool
		parts      []string
		kept       int
	}{
		"half":               {n / 2, true, []string{fmt.Sprintf("%d of %d bytes arrived", n/2, n), "they are kept in ", "only once", hint}, n / 2},
		"half, no length":    {n / 2, false, []string{fmt.Sprintf("%d bytes arrived", n/2), "no readable directory", "they are kept in ", hint}, n / 2},
		"nothing":            {0, true, []string{fmt.Sprintf("0 of %d bytes arrived", n), "nothing is kept", hint}, 0},
		"nothing, no length": {0, false, []string{"an empty file", hint}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			c, _ := client(t, ROMA, withKey(ROMA, serve(t, truncate(content, test.withLength, &asked, test.cut, test.cut))))
			r := run(t, downloadTool(c, archive(), Download{Name: "assets.zip", Expect: KindZIP, OnceOnlyHint: hint}))
			e := refusal(t, r)
			mention(t, e, test.parts...)
			if asked.Load() != 1 {
				t.Errorf("the archive was fetched %d times", asked.Load())
			}
			if test.kept == 0 {
				if len(r.Kept) != 0 {
					t.Errorf("kept %v", r.Kept)
				}
				return
			}
			mention(t, e, r.Kept[0])
			if e.Code != sdk.CodeDataLoss {
				t.Errorf("got %s", e.Code)
			}
			if kept, err := os.ReadFile(r.Kept[0]); err != nil || !bytes.Equal(kept, content[:test.kept]) {
				t.Errorf("kept %d bytes, %v", len(kept), err)
			}
		})
	}
}

func TestOnceOnlyErrors(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		parts   []string
		without string
		kept    int
	}{
		"not found": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			write(w, `{"error_code":"ROMA.1","error_msg":"no archive"}`)
		}, []string{"ROMA.1", "handed out only once", hint}, "", 0},
		"forbidden":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, []string{"HTTP 403"}, hint, 0},
		"throttled":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, []string{"HTTP 429"}, hint, 0},
		"server error":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, []string{"not sent again", hint}, "", 0},
		"json for file": {body([]byte(`{"error_code":"ROMA.2","error_msg":"x"}`)), []string{"ROMA.2", hint}, "", 0},
		"wrong kind":    {body([]byte("text")), []string{"is text and not zip", "they are kept in", hint}, "", 1},
		"hang up": {func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close()
			}
		}, []string{"closed the connection", "not sent again", hint}, "", 0},
		"refused": {nil, []string{"refused the connection", "the archive is untouched"}, hint, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := closed
			if test.handler != nil {
				server = serve(t, func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					test.handler(w, r)
				})
			}
			c, pauses := client(t, ROMA, withKey(ROMA, server))
			r := run(t, downloadTool(c, archive(), Download{Name: "assets.zip", Expect: KindZIP, OnceOnlyHint: hint}))
			e := refusal(t, r)
			mention(t, e, test.parts...)
			if test.without != "" && strings.Contains(e.Message, test.without) {
				t.Errorf("the message should not mention %q: %s", test.without, e.Message)
			}
			if asked.Load() > 1 || len(*pauses) > 0 || len(r.Kept) != test.kept {
				t.Errorf("asked %d times, pauses %v, kept %v", asked.Load(), *pauses, r.Kept)
			}
		})
	}
}
