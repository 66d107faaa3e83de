package huaweicloud

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

type downloadIn struct {
	Target
}

type downloadOut struct {
	Artifacts  []sdk.Artifact `json:"artifacts"`
	Kind       string         `json:"kind"`
	Head       string         `json:"head"`
	Entries    []Entry        `json:"entries"`
	EntryCount int            `json:"entry_count"`
}

// tool is a plugin's tool around a function that downloads.
func tool(download func(ctx context.Context, call *sdk.Call, t Target) (DownloadResult, error)) sdk.Tool {
	spec := sdk.ToolSpec{Name: "test_download", Title: "Download", Description: "Downloads one file from a test server, as a plugin would."}
	return sdk.NewTool(spec, func(ctx context.Context, call *sdk.Call, in downloadIn) (downloadOut, error) {
		result, err := download(ctx, call, in.Target)
		if err != nil {
			return downloadOut{}, err
		}
		return downloadOut{
			Artifacts: []sdk.Artifact{result.Artifact}, Kind: string(result.Kind), Head: string(result.Head[:min(len(result.Head), 1024)]),
			Entries: result.Entries, EntryCount: result.EntryCount,
		}, nil
	})
}

func downloadTool(c *Client, r Request, d Download) sdk.Tool {
	return tool(func(ctx context.Context, call *sdk.Call, t Target) (DownloadResult, error) {
		return c.Download(ctx, t, r, call, d)
	})
}

// run calls the tool through the real wire.
func run(t *testing.T, tool sdk.Tool) sdktest.Result {
	t.Helper()
	host := sdktest.New(t, sdk.Plugin{Name: "test", Version: "1", Tools: []sdk.Tool{tool}})
	return host.Call(t.Context(), "test_download", nil)
}

// refusal is the tool's error, checked like any other.
func refusal(t *testing.T, r sdktest.Result) *sdk.Error {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("the call succeeded with %s", r.JSON)
	}
	return problemOf(t, r.Err)
}

// zipOf makes a zip; the entries are name, content, name, content…
func zipOf(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, err := w.Create(entries[i])
		if err == nil {
			_, err = f.Write([]byte(entries[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func xlsxOf(t testing.TB) []byte {
	return zipOf(t, "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<workbook/>", "xl/worksheets/sheet1.xml", strings.Repeat("row ", 200))
}

func template() Request {
	return Request{Operation: "DownloadImportExcelTemplate", Path: []string{"v3", ProjectSegment, "template"}}
}

func archive() Request {
	return Request{Operation: "DownloadAssetArchive", Path: []string{"v2", ProjectSegment, "archives", "a"}, OnceOnly: true}
}

const hint = "make a new one with roma_export_assets"

func body(content []byte, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req-9")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = w.Write(content)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	content := xlsxOf(t)
	server := serve(t, body(content, "Content-Disposition", "attachment; filename*=UTF-8''%E6%A8%A1%E6%9D%BF.xlsx"))
	c, _ := client(t, HTAP, withKey(HTAP, server))
	r := run(t, downloadTool(c, template(), Download{
		Name: "fallback", NameFromHeader: true, Expect: KindXLSX, IDs: map[string]string{"instance_id": "i"},
	}))
	out := sdktest.Decode[downloadOut](t, r)
	a := out.Artifacts[0]
	stored, err := os.ReadFile(a.Path)
	if err != nil || !bytes.Equal(stored, content) {
		t.Errorf("the stored file differs: %v", err)
	}
	if a.Name != "模板.xlsx" || a.MediaType != KindXLSX.mediaType() || a.Size != int64(len(content)) ||
		a.Source.Operation != "DownloadImportExcelTemplate" || a.Source.RequestID != "req-9" || a.Source.IDs["instance_id"] != "i" {
		t.Errorf("got %+v", a)
	}
	if out.Kind != "xlsx" || out.EntryCount != 3 || out.Entries[2] != (Entry{Name: "xl/worksheets/sheet1.xml", Size: 800}) {
		t.Errorf("got %+v", out)
	}
	if last := r.Progress[len(r.Progress)-1]; last.Done != float64(len(content)) || last.Total != float64(len(content)) {
		t.Errorf("progress ends with %+v", last)
	}
}

func TestKindsAndNames(t *testing.T) {
	t.Parallel()
	many := make([]string, 0, 600)
	for i := range 300 {
		many = append(many, fmt.Sprintf("file-%03d", i), "x")
	}
	extensions := map[Kind]string{KindText: ".tf", KindJSON: ".tf.json"}
	for name, test := range map[string]struct {
		content []byte
		d       Download
		file    string
		kind    Kind
		entries int
	}{
		"text":        {[]byte("resource \"a\" \"b\" {}\n"), Download{Name: "网络-V1.2", Extensions: extensions}, "网络-V1.2.tf", KindText, 0},
		"json":        {[]byte(`{"resource":{}}`), Download{Name: "net", Extensions: extensions}, "net.tf.json", KindJSON, 0},
		"zip":         {zipOf(t, "main.tf", "x"), Download{Name: "net", Extensions: extensions}, "net.zip", KindZIP, 1},
		"empty zip":   {zipOf(t), Download{Name: "net", Expect: KindZIP}, "net.zip", KindZIP, 0},
		"xlsx as zip": {xlsxOf(t), Download{Name: "files", Expect: KindZIP}, "files.xlsx", KindXLSX, 3},
		"many":        {zipOf(t, many...), Download{Name: "a.zip", Expect: KindZIP}, "a.zip", KindZIP, 300},
		"binary":      {[]byte("\x00\x01\x02"), Download{Name: "x"}, "x", KindBinary, 0},
		"long text":   {[]byte(strings.Repeat("模", maxHead)), Download{Name: "x"}, "x.txt", KindText, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(t, RFS, withKey(RFS, serve(t, body(test.content))))
			out := sdktest.Decode[downloadOut](t, run(t, downloadTool(c, template(), test.d)))
			if out.Artifacts[0].Name != test.file || out.Kind != string(test.kind) || out.EntryCount != test.entries || len(out.Entries) != min(test.entries, maxEntries) {
				t.Errorf("got %s, %s, %d of %d entries", out.Artifacts[0].Name, out.Kind, len(out.Entries), out.EntryCount)
			}
		})
	}
}

func TestErrorsInDisguise(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		expect  Kind
		parts   []string
	}{
		"json for xlsx": {`{"error_code":"DBS.200002","error_msg":"no instance"}`, KindXLSX, []string{"HTTP 200", "DBS.200002", "no instance", "req-9"}},
		"json for any":  {`{"error_code":"RF.1","error_msg":"no"}`, KindAny, []string{"RF.1"}},
		"obs xml":       {`<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>`, KindAny, []string{"NoSuchKey"}},
		"web page":      {"\n<!DOCTYPE html><title>Login</title>", KindAny, []string{"a web page", "Login"}},
		"web page, zip": {"<html>x</html>", KindZIP, []string{"a web page"}},
		"empty":         {"", KindXLSX, []string{"an empty file"}},
		"empty, any":    {"", KindAny, []string{"an empty file"}},
		"text for xlsx": {"instance,table\n", KindXLSX, []string{"is text and not xlsx", "instance,table"}},
		"zip for xlsx":  {string(zipOf(t, "a", "b")), KindXLSX, []string{"is zip and not xlsx"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				body([]byte(test.content))(w, r)
			})
			c, _ := client(t, HTAP, withKey(HTAP, server))
			r := run(t, downloadTool(c, template(), Download{Name: "x", Expect: test.expect}))
			mention(t, refusal(t, r), test.parts...)
			if asked.Load() != 1 || len(r.Kept) != 0 {
				t.Errorf("asked %d times, kept %v", asked.Load(), r.Kept)
			}
		})
	}
}

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
