package huaweicloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// truncate sends the head of the content, as much as it is asked to for each request, then the whole.
func truncate(content []byte, withLength bool, asked *atomic.Int32, cuts ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		at := int(asked.Add(1)) - 1
		if at >= len(cuts) {
			_, _ = w.Write(content)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		length := ""
		if withLength {
			length = fmt.Sprintf("Content-Length: %d\r\n", len(content))
		}
		_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\n" + length + "X-Request-Id: req-9\r\n\r\n")
		_, _ = buffered.Write(content[:cuts[at]])
		_ = buffered.Flush()
	}
}

func TestTruncatedDownloads(t *testing.T) {
	t.Parallel()
	content := zipOf(t, "a.json", strings.Repeat("0123456789", 1000), "b.json", "x")
	n := len(content)
	for _, withLength := range []bool{true, false} {
		for _, cuts := range [][]int{{n - 1}, {n / 2, 1}, {4, n - 10}} {
			var asked atomic.Int32
			c, pauses := client(t, DRS, withKey(DRS, serve(t, truncate(content, withLength, &asked, cuts...))))
			r := run(t, downloadTool(c, template(), Download{Name: "a.zip", Expect: KindZIP}))
			out := sdktest.Decode[downloadOut](t, r)
			stored, err := os.ReadFile(out.Artifacts[0].Path)
			if err != nil || !bytes.Equal(stored, content) || len(*pauses) != len(cuts) {
				t.Errorf("cuts %v, length %t: stored %d bytes, %v, pauses %v", cuts, withLength, len(stored), err, *pauses)
			}
			for i := 1; i < len(r.Progress); i++ {
				if r.Progress[i].Done < r.Progress[i-1].Done {
					t.Errorf("progress falls: %+v", r.Progress)
				}
			}
		}
	}
}

func TestDownloadThatBreaksEveryTime(t *testing.T) {
	t.Parallel()
	content := xlsxOf(t)
	var asked atomic.Int32
	c, _ := client(t, DRS, withKey(DRS, serve(t, truncate(content, true, &asked, 10, 20, 30, 40))))
	r := run(t, downloadTool(c, template(), Download{Name: "a", Expect: KindXLSX}))
	mention(t, refusal(t, r), "30 of "+fmt.Sprint(len(content)), "Nothing was stored", "call again")
	if asked.Load() != maxFetches || len(r.Kept) != 0 {
		t.Errorf("asked %d times, kept %v", asked.Load(), r.Kept)
	}
}

func TestPostIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{false, true} {
		var asked atomic.Int32
		c, _ := client(t, DRS, withKey(DRS, serve(t, truncate(xlsxOf(t), true, &asked, 10))))
		r := run(t, downloadTool(c, Request{Operation: "X", Method: "POST", Path: []string{"x"}, Body: 1, Idempotent: reads}, Download{Name: "a"}))
		if (r.Err == nil) != reads || asked.Load() != map[bool]int32{false: 1, true: 2}[reads] {
			t.Errorf("reads %t: asked %d times, %v", reads, asked.Load(), r.Err)
		}
	}
}

func TestStalledDownload(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var asked atomic.Int32
	content := xlsxOf(t)
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			_, _ = w.Write(content)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:100])
		_ = http.NewResponseController(w).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) })
	c, _ := client(t, DRS, withKey(DRS, server))
	c.limits.stall = 100 * time.Millisecond
	r := run(t, downloadTool(c, template(), Download{Name: "a", Expect: KindXLSX}))
	if sdktest.Decode[downloadOut](t, r); asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
	if len(r.Logs) != 1 || !strings.Contains(r.Logs[0], "stopped sending") {
		t.Errorf("logs %q", r.Logs)
	}
}

func TestCancelledDownload(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1000))
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-release
	})
	t.Cleanup(func() { close(release) })
	c, _ := client(t, DRS, withKey(DRS, server))
	outcome := make(chan error, 1)
	host := sdktest.New(t, sdk.Plugin{Name: "test", Version: "1", Tools: []sdk.Tool{tool(
		func(ctx context.Context, call *sdk.Call, target Target) (DownloadResult, error) {
			result, err := c.Download(ctx, target, template(), call, Download{Name: "x"})
			outcome <- err
			return result, err
		})}})
	r := host.Call(ctx, "test_download", nil)
	if r.Err == nil {
		t.Errorf("the call succeeded with %s", r.JSON)
	}
	if err := <-outcome; !errors.Is(err, context.Canceled) {
		t.Errorf("the download ended with %v", err)
	}
}

func TestDownloadIsRedirected(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/?Signature="+testSignature, http.StatusTemporaryRedirect)
	})
	c, _ := client(t, ROMA, withKey(ROMA, server))
	mention(t, refusal(t, run(t, downloadTool(c, template(), Download{Name: "x"}))), "HTTP 307 with a redirect", "not followed")
	if asked.Load() != 0 {
		t.Error("the redirect was followed")
	}
}
