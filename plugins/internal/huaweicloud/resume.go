package huaweicloud

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// version is what a reply says of the file that it brings, if the rest of a broken body can be asked for with that: the server takes
// ranges of bytes, the length is known, and there is a validator that is the same only for the same bytes (RFC 9110, sections 8.8,
// 13.1.5 and 14). The zero version has nothing to go on from.
//
// OBS sends all of that, with the whole object's ETag beside a part, and the whole object for a range that it does not understand
// (https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0083.html). It documents no If-Range, so what comes is compared
// as well. Of the other services nothing is known, so that their files begin again.
type version struct {
	etag     string // strong
	modified string // Last-Modified, where there is no ETag
	total    int64
}

// dateLag is how much older than the reply a file must be for its date to tell versions apart: dates have whole seconds, and clocks differ.
const dateLag = time.Minute

func versionOf(s shot, response *http.Response) version {
	h := response.Header
	if s.method != http.MethodGet || s.repeat != repeatAlways || response.StatusCode != http.StatusOK ||
		response.ContentLength < 0 || encodingOf(h) != "" || !takesRanges(h) {
		return version{}
	}
	etag, modified := h.Get("ETag"), h.Get("Last-Modified")
	switch {
	case len(etag) > 2 && etag[0] == '"':
		return version{etag: etag, total: response.ContentLength}
	case etag == "" && isStrongDate(modified, h.Get("Date")):
		return version{modified: modified, total: response.ContentLength}
	}
	return version{}
}

func takesRanges(h http.Header) bool {
	units := strings.Split(strings.Join(h.Values("Accept-Ranges"), ","), ",")
	return slices.ContainsFunc(units, func(unit string) bool { return strings.EqualFold(strings.TrimSpace(unit), "bytes") })
}

func isStrongDate(modified, date string) bool {
	then, errThen := http.ParseTime(modified)
	now, errNow := http.ParseTime(date)
	return errThen == nil && errNow == nil && now.Sub(then) >= dateLag
}

// resumes says whether the rest can be asked for of a file that has size bytes.
func (v version) resumes(size int64) bool { return 0 < size && size < v.total }

// rest is the header that asks for what is missing, nil when the whole must be asked for.
func (v version) rest(size int64) http.Header {
	if !v.resumes(size) {
		return nil
	}
	return http.Header{"Range": {fmt.Sprintf("bytes=%d-", size)}, "If-Range": {v.validator()}}
}

func (v version) validator() string { return firstOf(v.etag, v.modified) }

// differs says why a partial reply is not the rest from a byte on, or nothing when it is.
func (v version) differs(response *http.Response, from int64) string {
	h := response.Header
	first, last, total, ok := parseContentRange(h.Get("Content-Range"))
	modified := h.Get("Last-Modified")
	switch {
	case !ok:
		return "the other side sent a part of the file without saying which"
	case first != from || last < first || response.ContentLength >= 0 && response.ContentLength != last-first+1:
		return "the other side sent another part of the file than the one asked for"
	case total != v.total || last >= total || h.Get("ETag") != v.etag, v.modified != "" && modified != "" && modified != v.modified:
		return "the file has changed at the other side"
	case encodingOf(h) != "":
		return "the other side sent the rest of the file in another encoding"
	}
	return ""
}

// parseContentRange reads "bytes first-last/total".
func parseContentRange(text string) (first, last, total int64, ok bool) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	span, size, _ := strings.Cut(rest, "/")
	from, to, _ := strings.Cut(span, "-")
	numbers := make([]int64, 0, 3)
	for _, number := range []string{from, to, size} {
		if n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 63); err == nil {
			numbers = append(numbers, int64(n))
		}
	}
	if !strings.EqualFold(unit, "bytes") || len(numbers) != 3 {
		return 0, 0, 0, false
	}
	return numbers[0], numbers[1], numbers[2], true
}

// with returns the shot with more headers.
func (s shot) with(more http.Header) shot {
	if len(more) == 0 {
		return s
	}
	header := http.Header{}
	maps.Copy(header, s.header)
	maps.Copy(header, more)
	s.header = header
	return s
}

// ranged says whether a part of a file is asked for.
func (s shot) ranged() bool { return s.header.Get("Range") != "" }

// restart is the error of a reply that does not go on with what the file holds.
func (f *fetch) restart(what string) error {
	return &brokenError{what: what, got: f.file.Size(), total: f.total, restart: true}
}

// hopeful counts an attempt that broke, and says whether another one is worth the time.
func (f *fetch) hopeful(broken *brokenError, count int) bool {
	if size := f.file.Size(); !broken.restart && f.version.resumes(size) && size > f.reached {
		f.reached, f.idle = size, 0
	} else {
		f.idle++
	}
	return f.idle < maxFetches && count < maxAttempts
}

// prepareNext leaves in the file only what the next attempt can go on from.
func (f *fetch) prepareNext(s shot, broken *brokenError) error {
	size := f.file.Size()
	if !broken.restart && f.version.resumes(size) {
		f.call.Logger().Warn("the download broke and goes on from there", "operation", s.operation, "bytes", size, "reason", broken.what)
		return nil
	}
	f.call.Logger().Warn("the download broke and begins again", "operation", s.operation, "bytes", size, "reason", broken.what)
	f.version = version{}
	return f.file.Reset()
}
