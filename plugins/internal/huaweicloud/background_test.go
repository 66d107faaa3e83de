package huaweicloud

import (
	"bytes"
	"net/http"
	"testing"
)

// TestLongDownloadInTheBackground has lengths that are known and lengths that are not.
func TestLongDownloadInTheBackground(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		size   int
		length bool
		want   bool
	}{
		"short":               {1 << 20, true, false},
		"long":                {longDownload + 1, true, true},
		"short, of no length": {1 << 20, false, false},
		"long, of no length":  {longDownload + 1, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if !tc.length {
					_ = http.NewResponseController(w).Flush()
				}
				_, _ = w.Write(bytes.Repeat([]byte{0xff}, tc.size))
			})
			c, _ := client(t, HTAP, withKey(HTAP, server))
			r := run(t, downloadTool(c, template(), Download{Name: "a"}))
			if r.Err != nil || r.Background != tc.want {
				t.Errorf("background %v, %v", r.Background, r.Err)
			}
		})
	}
}
