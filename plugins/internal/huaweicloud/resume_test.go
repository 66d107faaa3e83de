package huaweicloud

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRepliesThatDoNotGoOn answers the request for the rest in every way but the right one. The file must be the whole
// of what the server has in the end, never a mixture.
func TestRepliesThatDoNotGoOn(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	n, half := len(content), len(content)/2
	part := func(w http.ResponseWriter, s *rangeServer, header string, from int) {
		w.Header().Set("Content-Range", header)
		s.send(w, http.StatusPartialContent, s.content[from:])
	}
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, s *rangeServer)
		asked  int
	}{
		"the whole": {func(w http.ResponseWriter, s *rangeServer) { s.send(w, http.StatusOK, content) }, 2},
		"no such range": {func(w http.ResponseWriter, _ *rangeServer) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", n))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			write(w, "<Error><Code>InvalidRange</Code></Error>")
		}, 3},
		"another beginning": {func(w http.ResponseWriter, s *rangeServer) { part(w, s, fmt.Sprintf("bytes 0-%d/%d", n-1, n), 0) }, 3},
		"another length": {func(w http.ResponseWriter, s *rangeServer) {
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n-1, n), half+1)
		}, 3},
		"another total": {func(w http.ResponseWriter, s *rangeServer) {
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n-1, n+1), half)
		}, 3},
		"beyond the end": {func(w http.ResponseWriter, s *rangeServer) {
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n, n), half)
		}, 3},
		"unknown total": {func(w http.ResponseWriter, s *rangeServer) { part(w, s, fmt.Sprintf("bytes %d-%d/*", half, n-1), half) }, 3},
		"other units": {func(w http.ResponseWriter, s *rangeServer) {
			part(w, s, fmt.Sprintf("rows %d-%d/%d", half, n-1, n), half)
		}, 3},
		"no range": {func(w http.ResponseWriter, s *rangeServer) { s.send(w, http.StatusPartialContent, s.content[half:]) }, 3},
		"another version": {func(w http.ResponseWriter, s *rangeServer) {
			w.Header().Set("ETag", `"tag-2"`)
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n-1, n), half)
		}, 3},
		"a weak version": {func(w http.ResponseWriter, s *rangeServer) {
			w.Header().Set("ETag", "W/"+testTag)
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n-1, n), half)
		}, 3},
		"no version": {func(w http.ResponseWriter, s *rangeServer) {
			w.Header().Del("ETag")
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n-1, n), half)
		}, 3},
		"another encoding": {func(w http.ResponseWriter, s *rangeServer) {
			w.Header().Set("Content-Encoding", "gzip")
			part(w, s, fmt.Sprintf("bytes %d-%d/%d", half, n-1, n), half)
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRangeServer(content)
			s.cut = half
			s.spoil = func(w http.ResponseWriter, _ *http.Request, number int) bool {
				s.cut = map[int]int{1: half}[number] // only the first reply breaks
				if number == 2 {
					test.answer(w, s)
				}
				return number == 2
			}
			r := run(t, ways(t, s, Download{Name: "a.zip", Expect: KindZIP})["link"])
			stored(t, r, content)
			rising(t, r.Progress)
			want := []string{"", fmt.Sprintf("bytes=%d-", half), ""}[:test.asked]
			if ranges, _ := s.asked(); !cmp.Equal(ranges, want) {
				t.Errorf("asked for %q, want %q", ranges, want)
			}
		})
	}
}

// TestWhoGetsARange wants a request for the rest only where the reply that broke promised all that it needs.
func TestWhoGetsARange(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	now := time.Now().UTC()
	old, young := now.Add(-time.Hour).Format(http.TimeFormat), now.Add(-time.Second).Format(http.TimeFormat)
	post := Request{Operation: "X", Method: "POST", Path: []string{"x"}, Body: 1, Idempotent: true}
	for name, test := range map[string]struct {
		request Request
		header  map[string]string // empty removes
		ifRange string            // empty: none is asked for
	}{
		"tag":                      {template(), nil, testTag},
		"several units":            {template(), map[string]string{"Accept-Ranges": "rows, Bytes"}, testTag},
		"date":                     {template(), map[string]string{"Etag": "", "Last-Modified": old}, old},
		"tag and date":             {template(), map[string]string{"Last-Modified": old}, testTag},
		"no ranges":                {template(), map[string]string{"Accept-Ranges": ""}, ""},
		"ranges of none":           {template(), map[string]string{"Accept-Ranges": "none"}, ""},
		"weak tag":                 {template(), map[string]string{"Etag": "W/" + testTag, "Last-Modified": old}, ""},
		"empty tag":                {template(), map[string]string{"Etag": `""`}, ""},
		"no validator":             {template(), map[string]string{"Etag": ""}, ""},
		"young":                    {template(), map[string]string{"Etag": "", "Last-Modified": young}, ""},
		"no date to compare with":  {template(), map[string]string{"Etag": "", "Last-Modified": old, "Date": ""}, ""},
		"encoded":                  {template(), map[string]string{"Content-Encoding": "gzip"}, ""},
		"a POST, even one to read": {post, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRangeServer(content)
			for key, value := range test.header {
				s.header[key] = []string{value}
				if value == "" {
					s.header[key] = nil
				}
			}
			s.spoil = func(_ http.ResponseWriter, _ *http.Request, number int) bool {
				s.cut = map[int]int{1: 1000}[number]
				return false
			}
			c, _ := client(t, DRS, withKey(DRS, serve(t, s.ServeHTTP)))
			stored(t, run(t, downloadTool(c, test.request, Download{Name: "a.zip", Expect: KindZIP})), content)
			want := ""
			if test.ifRange != "" {
				want = "bytes=1000-"
			}
			if ranges, ifs := s.asked(); len(ranges) != 2 || ranges[1] != want || ifs[1] != test.ifRange {
				t.Errorf("asked for %q if %q, want %q if %q", ranges, ifs, want, test.ifRange)
			}
		})
	}
}

// TestHopelessLines bounds the attempts: three in a row without a byte more, and twenty in all.
func TestHopelessLines(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	for name, test := range map[string]struct {
		cuts  func(number int) int
		asked int
	}{
		"nothing more":   {func(number int) int { return map[int]int{1: 1000, 2: 1000}[number] }, 5},
		"a byte a time":  {func(int) int { return 1 }, maxAttempts},
		"nothing at all": {func(int) int { return 0 }, maxFetches},
		"always whole":   {func(int) int { return -1000 }, 1 + maxFetches},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRangeServer(content)
			s.spoil = func(w http.ResponseWriter, r *http.Request, number int) bool {
				s.cut = test.cuts(number)
				if s.cut < 0 { // a server that takes ranges and then sends the whole, as far as it comes
					r.Header.Del("Range")
					s.cut = -s.cut
				}
				if s.cut == 0 {
					w.Header().Set("Content-Length", fmt.Sprint(len(content)))
					_ = http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				}
				return false
			}
			r := run(t, ways(t, s, Download{Name: "a.zip", Expect: KindZIP})["api"])
			mention(t, refusal(t, r), fmt.Sprintf("at attempt %d", test.asked), "Nothing was stored", "call again")
			if ranges, _ := s.asked(); len(ranges) != test.asked || len(r.Kept) != 0 {
				t.Errorf("asked %d times, want %d; kept %v", len(ranges), test.asked, r.Kept)
			}
		})
	}
}

// TestLinkExpiresBetweenParts wants a fresh link as often as the old one has expired, and the rest from there.
func TestLinkExpiresBetweenParts(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	s := newRangeServer(content)
	s.cut = len(content)/4 + 1
	s.spoil = func(w http.ResponseWriter, _ *http.Request, number int) bool {
		if number%2 == 0 {
			w.WriteHeader(http.StatusForbidden)
			write(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
		}
		return number%2 == 0
	}
	stored(t, run(t, ways(t, s, Download{Name: "a.zip", Expect: KindZIP})["link"]), content)
	if ranges, _ := s.asked(); len(ranges) != 7 || ranges[6] != fmt.Sprintf("bytes=%d-", 3*s.cut) {
		t.Errorf("asked for %q", ranges)
	}
}

// TestPartThatNobodyAskedFor must not be taken for the file; of a once-only download it is kept all the same.
func TestPartThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	for name, test := range map[string]struct {
		from  int
		parts []string
	}{
		"a part":    {10, []string{"a part of the file arrived"}},
		"the whole": {0, nil},
	} {
		s := newRangeServer(content)
		s.spoil = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", test.from, len(content)-1, len(content)))
			s.send(w, http.StatusPartialContent, content[test.from:])
			return true
		}
		c, _ := client(t, ROMA, withKey(ROMA, serve(t, s.ServeHTTP)))
		for _, request := range []Request{template(), archive()} {
			r := run(t, downloadTool(c, request, Download{Name: "a.zip", Expect: KindZIP, OnceOnlyHint: hint}))
			if test.parts == nil {
				stored(t, r, content)
				continue
			}
			mention(t, refusal(t, r), test.parts...)
			if kept := len(r.Kept) == 1; kept != request.OnceOnly {
				t.Errorf("%s: kept %v", name, r.Kept)
			}
		}
	}
}
