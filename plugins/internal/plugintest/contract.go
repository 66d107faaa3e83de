package plugintest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// WantErrorContract runs the tools, which must be all that the plugin has, against a cloud that refuses everything and repeats what it was sent, and checks the error's
// code, its source, the time after which to call again, and that no secret comes back.
func WantErrorContract(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, runs []ToolRun) {
	t.Helper()
	for status, want := range map[int]sdk.Error{
		http.StatusBadRequest:      {Code: sdk.CodeInvalidArgument},
		http.StatusUnauthorized:    {Code: sdk.CodeUnauthenticated},
		http.StatusForbidden:       {Code: sdk.CodePermissionDenied},
		http.StatusNotFound:        {Code: sdk.CodeNotFound},
		http.StatusConflict:        {Code: sdk.CodeFailedPrecondition},
		http.StatusTooManyRequests: {Code: sdk.CodeResourceExhausted, RetryAfter: time.Minute},
		// Longer than a call waits by itself.
		http.StatusServiceUnavailable: {Code: sdk.CodeUnavailable, RetryAfter: time.Minute},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			h := Stub(t, newPlugin, Routes{"/": echo(status)})
			left := maps.Clone(h.own)
			for _, run := range runs {
				delete(left, run.Tool)
				r := h.Do(t, run.Tool, run.Arguments)
				if r.Err == nil || r.Err.Code != want.Code || r.Err.Source != sdk.SourceCloud {
					t.Fatalf("%s: got %+v, want %s of the cloud", run.Tool, r.Err, want.Code)
				}
				if len(r.CloudRequests) != 1 || r.CloudRequests[0].Status != status {
					t.Errorf("%s: reported %+v", run.Tool, r.CloudRequests)
				}
				once := run.Tool == "roma_download_asset_archive" && status == http.StatusServiceUnavailable
				if !once && r.Err.RetryAfter != want.RetryAfter || once && r.Err.RetryAfter != 0 {
					t.Errorf("%s: retry after %s", run.Tool, r.Err.RetryAfter)
				}
				text := fmt.Sprint(r.Err.Message, r.Logs, r.Progress, r.CloudRequests)
				if strings.Contains(text, "opens-nothing") {
					t.Errorf("%s repeats a secret: %s", run.Tool, text)
				}
			}
			if len(left) > 0 {
				t.Errorf("tools that are not tested: %v", left)
			}
		})
	}
}

// echo refuses everything, and says all that it was sent.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sent, _ := json.Marshal(fmt.Sprint(r.Header)) // a text always encodes
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error_code":"TEST.1","error_msg":%s,"request_id":%s}`, sent, sent)
	}
}
