package huaweicloud

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
)

func gzipOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPackedBodies sends files in encodings that were not asked for, which object stores do with files that were uploaded so.
func TestPackedBodies(t *testing.T) {
	t.Parallel()
	file := xlsxOf(t)
	packed := gzipOf(t, file)
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-6] ^= 1 // in the checksum
	corrupt := bytes.Clone(packed)
	corrupt[12] ^= 0xff
	for name, test := range map[string]struct {
		body     []byte
		encoding string
		parts    []string // of the error; none for success
		asked    int32
		kept     int // bytes that are kept of a once-only download
	}{
		"gzip":              {packed, "gzip", nil, 1, 0},
		"by its old name":   {packed, " X-GZIP", nil, 1, 0},
		"two in a row":      {append(gzipOf(t, file[:20]), gzipOf(t, file[20:])...), "gzip", nil, 1, 0},
		"none, though said": {file, "gzip", nil, 1, 0},
		"none":              {file, "identity", nil, 1, 0},
		"as it was sent up": {file, "aws-chunked", nil, 1, 0},
		"damaged":           {damaged, "gzip", []string{"the gzip that the file arrived in is damaged"}, maxFetches, len(file)},
		"corrupt":           {corrupt, "gzip", []string{"the gzip that the file arrived in is damaged"}, maxFetches, -1},
		"unknown":           {file, "br", []string{`in the encoding "br"`}, 1, len(file)},
		"empty":             {nil, "gzip", []string{"an empty file"}, 1, 0},
	} {
		for _, request := range []Request{template(), archive()} {
			t.Run(name+", "+request.Operation, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int32
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					if r.Header.Get("Accept-Encoding") != "" {
						t.Errorf("asked for the encoding %q", r.Header.Get("Accept-Encoding"))
					}
					body(test.body, "Content-Encoding", test.encoding, "Content-Length", fmt.Sprint(len(test.body)))(w, r)
				})
				c, _ := client(t, ROMA, withKey(ROMA, server))
				r := run(t, downloadTool(c, request, Download{Name: "a", Expect: KindXLSX, OnceOnlyHint: hint}))
				want := test.asked
				if request.OnceOnly {
					want = 1
				}
				if asked.Load() != want {
					t.Errorf("asked %d times, want %d", asked.Load(), want)
				}
				rising(t, r.Progress)
				if test.parts == nil {
					stored(t, r, file)
					return
				}
				mention(t, refusal(t, r), test.parts...)
				if !request.OnceOnly || test.kept == 0 {
					if len(r.Kept) != 0 {
						t.Errorf("kept %v", r.Kept)
					}
					return
				}
				if test.kept < 0 {
					return // how much of a corrupt stream comes out is gzip's affair
				}
				if kept, err := os.ReadFile(r.Kept[0]); err != nil || !bytes.Equal(kept, file[:test.kept]) {
					t.Errorf("kept %d bytes, %v", len(kept), err)
				}
			})
		}
	}
}

// TestTruncatedGzip begins again, because what is packed cannot be gone on from.
func TestTruncatedGzip(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	s := newRangeServer(gzipOf(t, content))
	s.header.Set("Content-Encoding", "gzip")
	s.spoil = func(_ http.ResponseWriter, _ *http.Request, number int) bool {
		s.cut = map[int]int{1: 5, 2: len(s.content) - 1}[number]
		return false
	}
	r := run(t, ways(t, s, Download{Name: "a.zip", Expect: KindZIP})["link"])
	stored(t, r, content)
	rising(t, r.Progress)
	if ranges, _ := s.asked(); len(ranges) != 3 || ranges[1] != "" || ranges[2] != "" {
		t.Errorf("asked for %q", ranges)
	}
}
