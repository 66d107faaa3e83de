package huaweicloud

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"mcp-server/sdk/sdktest"
)

// bigZip has half a megabyte that does not repeat.
func bigZip(t testing.TB) []byte {
	t.Helper()
	var text strings.Builder
	for i := range 60_000 {
		sum := sha256.Sum256(fmt.Append(nil, i))
		text.Write(sum[:8])
	}
	return zipOf(t, "a.bin", text.String())
}

// stored checks the one artifact against the content, byte for byte and by its checksum.
func stored(t *testing.T, r sdktest.Result, content []byte) {
	t.Helper()
	a := sdktest.Decode[downloadOut](t, r).Artifacts[0]
	got, err := os.ReadFile(a.Path)
	sum := sha256.Sum256(content)
	if err != nil || !bytes.Equal(got, content) || a.Size != int64(len(content)) || a.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("stored %d bytes of %d with size %d and checksum %s, %v", len(got), len(content), a.Size, a.SHA256, err)
	}
}

func rising(t *testing.T, progress []sdktest.Progress) {
	t.Helper()
	for i := 1; i < len(progress); i++ {
		if progress[i].Done < progress[i-1].Done {
			t.Errorf("progress falls from %+v to %+v", progress[i-1], progress[i])
		}
	}
}

// TestCutAtEveryTenth ends every reply after a tenth of the file: ten requests, each for what is missing, bring it.
func TestCutAtEveryTenth(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	for _, way := range []string{"link", "api"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newRangeServer(content)
			s.cut = len(content)/10 + 1
			r := run(t, ways(t, s, Download{Name: "a.zip", Expect: KindZIP})[way])
			stored(t, r, content)
			rising(t, r.Progress)
			ranges, ifs := s.asked()
			if len(ranges) != 10 || ranges[0] != "" || ifs[0] != "" {
				t.Fatalf("asked for %q if %q", ranges, ifs)
			}
			for i := 1; i < len(ranges); i++ {
				if want := fmt.Sprintf("bytes=%d-", i*s.cut); ranges[i] != want || ifs[i] != testTag {
					t.Errorf("request %d is for %q if %q, want %q", i+1, ranges[i], ifs[i], want)
				}
			}
			if len(r.Logs) != 9 || !strings.Contains(r.Logs[0], "goes on from there") {
				t.Errorf("logs %q", r.Logs)
			}
		})
	}
}

// TestResetAtEveryTenth is the same with connections that are reset, so that less than a tenth may arrive each time.
func TestResetAtEveryTenth(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef\n"), 12_000)
	s := newRangeServer(content)
	s.cut, s.reset = len(content)/10+1, true
	stored(t, run(t, ways(t, s, Download{Name: "a"})["link"]), content)
	if ranges, _ := s.asked(); len(ranges) < 10 {
		t.Errorf("asked for %q", ranges)
	}
}

// TestOnceOnlyCutAtEveryTenth must never ask again, whatever the server offers, and keep all that arrived.
func TestOnceOnlyCutAtEveryTenth(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	for tenth := range 10 {
		t.Run(fmt.Sprint(tenth), func(t *testing.T) {
			t.Parallel()
			s := newRangeServer(content)
			s.cut = max(tenth*len(content)/10, 1)
			c, _ := client(t, ROMA, withKey(ROMA, serve(t, s.ServeHTTP)))
			r := run(t, downloadTool(c, archive(), Download{Name: "a.zip", Expect: KindZIP, OnceOnlyHint: hint}))
			mention(t, refusal(t, r), fmt.Sprintf("%d of %d bytes arrived", s.cut, len(content)), "they are kept in", hint)
			if ranges, _ := s.asked(); len(ranges) != 1 || ranges[0] != "" {
				t.Errorf("asked for %q", ranges)
			}
			if len(r.Kept) != 1 {
				t.Fatalf("kept %v", r.Kept)
			}
			if kept, err := os.ReadFile(r.Kept[0]); err != nil || !bytes.Equal(kept, content[:s.cut]) {
				t.Errorf("kept %d bytes, %v", len(kept), err)
			}
		})
	}
}

// TestOnceOnlyReset loses what was on the way, and keeps the rest.
func TestOnceOnlyReset(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	s := newRangeServer(content)
	s.cut, s.reset = len(content)/2, true
	c, _ := client(t, ROMA, withKey(ROMA, serve(t, s.ServeHTTP)))
	r := run(t, downloadTool(c, archive(), Download{Name: "a.zip", Expect: KindZIP, OnceOnlyHint: hint}))
	e := refusal(t, r)
	if len(r.Kept) != 1 {
		t.Fatalf("kept %v: %s", r.Kept, e.Message)
	}
	kept, err := os.ReadFile(r.Kept[0])
	if err != nil || !bytes.HasPrefix(content, kept) || len(kept) > s.cut {
		t.Errorf("kept %d bytes, %v", len(kept), err)
	}
	mention(t, e, fmt.Sprintf("%d of %d bytes arrived", len(kept), len(content)), "closed the connection in the middle")
	if ranges, _ := s.asked(); len(ranges) != 1 {
		t.Errorf("asked for %q", ranges)
	}
}
