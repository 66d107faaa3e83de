package huaweicloud

import (
	"context"
	"net/http"
	"os"
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
