package preview

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const (
	kindText   = "text"
	kindZip    = "zip"
	kindXlsx   = "xlsx"
	kindBinary = "binary"

	sniffed = 64 << 10

	whatOLE = "encrypted or old-format Office document (OLE)"
)

// form is what the first bytes of a content say of it. A zip may still turn out to be a workbook.
type form struct {
	kind     string
	what     string            // for people
	skip     int64             // the byte order mark
	encoding encoding.Encoding // nil for UTF-8
}

// detect decides by the content alone; names lie.
func detect(content *io.SectionReader) (form, error) {
	head := make([]byte, min(content.Size(), sniffed))
	n, err := content.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return form{}, err
	}
	head = head[:n]
	if n == 0 {
		return form{kind: kindBinary, what: "empty file"}, nil
	}
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return form{kind: kindZip, what: "zip archive"}, nil
		}
	}
	if what := known(head); what != "" {
		return form{kind: kindBinary, what: what}, nil
	}
	if f, ok := detectText(head, int64(n) == content.Size()); ok {
		return f, nil
	}
	what, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if what == "application/octet-stream" || strings.HasPrefix(what, "text/") {
		what = "binary data of an unknown type"
	}
	return form{kind: kindBinary, what: what}, nil
}

func detectText(head []byte, complete bool) (form, bool) {
	utf16 := func(skip int64, order unicode.Endianness) (form, bool) {
		f := form{kind: kindText, what: "UTF-16 text", skip: skip, encoding: unicode.UTF16(order, unicode.IgnoreBOM)}
		return f, legible(f.encoding, head[skip:], complete)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return form{kind: kindText, what: "UTF-8 text", skip: 3}, legibleUTF8(head[3:], complete)
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16(2, unicode.LittleEndian)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16(2, unicode.BigEndian)
	case legibleUTF8(head, complete):
		return form{kind: kindText, what: "UTF-8 text"}, true
	}
	f := form{kind: kindText, what: "GB18030 text", encoding: simplifiedchinese.GB18030}
	return f, legible(f.encoding, head, complete)
}

func legibleUTF8(head []byte, complete bool) bool {
	if !complete {
		head = head[:len(head)-cutRune(head)]
	}
	return utf8.Valid(head) && !bytes.ContainsFunc(head, control)
}

// cutRune returns how many bytes at the end are the beginning of a character.
func cutRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if at := text[len(text)-n:]; utf8.RuneStart(at[0]) {
			if utf8.FullRune(at) {
				return 0
			}
			return n
		}
	}
	return 0
}

// legible decodes the text. A cut at its end may cost the last character.
func legible(e encoding.Encoding, head []byte, complete bool) bool {
	text, err := e.NewDecoder().Bytes(head)
	if err != nil {
		return false
	}
	if !complete && bytes.HasSuffix(text, []byte(string(utf8.RuneError))) {
		text = text[:len(text)-len(string(utf8.RuneError))]
	}
	return !bytes.ContainsFunc(text, func(r rune) bool { return control(r) || r == utf8.RuneError })
}

// control says whether a character occurs in no text. The exceptions are those of the WHATWG's sniffing standard.
func control(r rune) bool {
	return r < ' ' && !strings.ContainsRune("\t\n\f\r\x1b", r) || r == 0x7f
}

// known names what http.DetectContentType does not know or does not say well.
func known(head []byte) string {
	for _, k := range []struct {
		at          int
		magic, what string
	}{
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", whatOLE},
		{0, "\x1f\x8b\x08", "gzip archive"},
		{0, "BZh", "bzip2 archive"},
		{0, "\xfd7zXZ\x00", "xz archive"},
		{0, "\x28\xb5\x2f\xfd", "zstd archive"},
		{0, "7z\xbc\xaf\x27\x1c", "7z archive"},
		{0, "Rar!\x1a\x07", "rar archive"},
		{257, "ustar", "tar archive"},
		{0, "%PDF-", "PDF document"},
		{0, "\x7fELF", "ELF program"},
		{0, "MZ", "Windows program"},
		{0, "SQLite format 3\x00", "SQLite database"},
	} {
		if len(head) < k.at || !bytes.HasPrefix(head[k.at:], []byte(k.magic)) {
			continue
		}
		if binary := bytes.ContainsFunc(head, control); binary || k.magic == "%PDF-" {
			return k.what // a text may begin with MZ or BZh
		}
	}
	return ""
}

// mismatch says that a content is not what its name promises; an error page saved as an archive is the usual case.
func mismatch(name, kind string) string {
	extension := strings.ToLower(path.Ext(name))
	switch {
	case extension == ".zip" && kind != kindZip && kind != kindXlsx:
	case extension == ".xlsx" && kind != kindXlsx:
	default:
		return ""
	}
	return "the name ends in " + extension + ", but the content is " + described(kind)
}
