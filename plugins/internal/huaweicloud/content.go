package huaweicloud

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Kind is what content is, by its bytes and not by what a header claims.
type Kind string

// The kinds. KindAny is an expectation, never a finding. An expectation of KindZIP takes an xlsx too, which is one.
const (
	KindAny    Kind = ""
	KindXLSX   Kind = "xlsx"
	KindZIP    Kind = "zip"
	KindJSON   Kind = "json"
	KindText   Kind = "text" // UTF-8
	KindBinary Kind = "binary"
)

func (k Kind) mediaType() string {
	switch k {
	case KindXLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case KindZIP:
		return "application/zip"
	case KindJSON:
		return "application/json"
	case KindText:
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

const (
	maxHead = 64 << 10

	zipMagic = "PK\x03\x04"
)

// content is what inspection found.
type content struct {
	kind Kind
	head []byte
}

// readerAt is the part of a written file that inspection needs.
type readerAt interface {
	io.ReaderAt
	Size() int64
}

// inspect finds out what the file is and refuses what it must not be: an error in disguise, a web page, nothing, an
// archive without its end, another kind than expected.
func (f *fetch) inspect(s shot, response *http.Response) (content, error) {
	found, err := identify(f.file)
	if err != nil {
		return content{}, err
	}
	reply := f.client.reply(s, response, found.head)
	size := f.file.Size()
	switch {
	case size == 0:
		return content{}, reply.unexpected("an empty file")
	case size <= maxErrorBody && isErrorText(found):
		return content{}, reply.cloudError()
	case isWebPage(found.head):
		return content{}, reply.unexpected("a web page instead of the file")
	case f.download.Expect == KindAny, f.download.Expect == found.kind, f.download.Expect == KindZIP && found.kind == KindXLSX:
		return found, nil
	}
	return content{}, &brokenError{
		what: fmt.Sprintf("the file is %s and not %s, beginning %s", found.kind, f.download.Expect, quote(redact(string(found.head[:min(len(found.head), 4096)]), reply.allSecrets()))),
		got:  size, total: f.total,
		final: !bytes.HasPrefix([]byte(zipMagic), found.head), // cut within its first bytes, it may be what was expected
	}
}

func isErrorText(c content) bool {
	if c.kind == KindXLSX || c.kind == KindZIP {
		return false
	}
	return parseErrorBody(c.head).isFailure()
}

func isWebPage(head []byte) bool {
	start := strings.ToLower(string(bytes.TrimSpace(head[:min(len(head), 512)])))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// identify reads the beginning, and of a zip the directory, which is at its end.
func identify(file readerAt) (content, error) {
	size := file.Size()
	head := make([]byte, min(size, maxHead))
	if n, err := file.ReadAt(head, 0); err != nil && n < len(head) {
		return content{}, fmt.Errorf("reading the download back: %w", err)
	}
	c := content{head: head, kind: KindBinary}
	switch {
	case bytes.HasPrefix(head, []byte(zipMagic)), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return identifyZIP(file, c)
	case isText(head, size):
		c.kind = KindText
		if start := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))); len(start) > 0 && (start[0] == '{' || start[0] == '[') {
			c.kind = KindJSON
		}
	}
	return c, nil
}

func identifyZIP(file readerAt, c content) (content, error) {
	archive, err := zip.NewReader(file, file.Size())
	if err != nil {
		return content{}, &brokenError{what: "the archive has no readable directory, so its end is missing", got: file.Size(), total: -1, cause: err}
	}
	c.kind = KindZIP
	for _, entry := range archive.File {
		if entry.Name == "xl/workbook.xml" {
			c.kind = KindXLSX
		}
	}
	return c, nil
}

// isText reports whether the beginning is UTF-8 without control characters; the last rune may be cut.
func isText(head []byte, size int64) bool {
	if int64(len(head)) < size {
		for cut := 0; cut < utf8.UTFMax && !utf8.Valid(head); cut++ {
			head = head[:len(head)-1]
		}
	}
	return utf8.Valid(head) && !bytes.ContainsFunc(head, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f'
	})
}
