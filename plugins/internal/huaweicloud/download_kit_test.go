package huaweicloud

import (
	"archive/zip"
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

type downloadIn struct {
	Target
}

type downloadOut struct {
	Artifacts []sdk.Artifact `json:"artifacts"`
	Kind      string         `json:"kind"`
	Head      string         `json:"head"`
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
