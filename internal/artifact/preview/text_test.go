package preview

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"mcp-server/sdk"
)

const chinese = "资源编排服务：variable \"区域\" { default = \"cn-north-4\" } # 😀\n"

func encode(t testing.TB, e encoding.Encoding, text string) []byte {
	t.Helper()
	encoded, err := e.NewEncoder().Bytes([]byte(text))
	must(t, err)
	return encoded
}

func TestKinds(t *testing.T) {
	t.Parallel()
	utf16 := func(order unicode.Endianness) string {
		return string(encode(t, unicode.UTF16(order, unicode.UseBOM), chinese))
	}
	for name, want := range map[string]struct{ content, kind, what string }{
		"empty":             {"", kindBinary, "empty file"},
		"one letter":        {"a", kindText, "UTF-8 text"},
		"one newline":       {"\n", kindText, "UTF-8 text"},
		"one zero":          {"\x00", kindBinary, "unknown type"},
		"one high byte":     {"\xff", kindBinary, "unknown type"},
		"one P":             {"P", kindText, "UTF-8 text"},
		"half a magic":      {"PK\x03", kindBinary, "unknown type"},
		"a byte order mark": {"\xef\xbb\xbf", kindText, "UTF-8 text"},
		"terraform":         {"resource \"a\" \"b\" {\n\tx = 1\r\n}\n", kindText, "UTF-8 text"},
		"colours":           {"\x1b[31mred\x1b[0m", kindText, "UTF-8 text"},
		"with a mark":       {"\xef\xbb\xbf" + chinese, kindText, "UTF-8 text"},
		"UTF-16 LE":         {utf16(unicode.LittleEndian), kindText, "UTF-16 text"},
		"UTF-16 BE":         {utf16(unicode.BigEndian), kindText, "UTF-16 text"},
		"UTF-32":            {"\xff\xfe\x00\x00a\x00\x00\x00", kindBinary, "unknown type"},
		"GBK":               {gbk(t, "资源编排服务"), kindText, "GB18030 text"},
		"GB18030":           {gbk(t, chinese), kindText, "GB18030 text"},
		"Latin 1":           {"caf\xe9 au lait", kindBinary, "unknown type"},
		"text with a zero":  {"text\x00text", kindBinary, "unknown type"},
		"broken UTF-8":      {chinese + "\xc3\x28" + chinese, kindBinary, "unknown type"},
		"html":              {"<html>no such archive</html>", kindText, "UTF-8 text"},
		"PDF":               {"%PDF-1.7\n", kindBinary, "PDF document"},
		"gzip":              {"\x1f\x8b\x08\x00\x00\x00", kindBinary, "gzip archive"},
		"tar":               {strings.Repeat("a\x00", 128) + "\x00ustar\x00", kindBinary, "tar archive"},
		"PNG":               {"\x89PNG\x0d\x0a\x1a\x0a\x00", kindBinary, "image/png"},
		"ELF":               {"\x7fELF\x02\x01", kindBinary, "ELF program"},
		"encrypted xlsx":    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", kindBinary, "encrypted or old-format Office document (OLE)"},
		"MZ in words":       {"MZ is two letters", kindText, "UTF-8 text"},
		"zip":               {string(zipOf(t)), kindZip, "zip archive"},
		"cut rune at 64K":   {strings.Repeat("a", sniffed-1) + "资源", kindText, "UTF-8 text"},
		"cut GBK at 64K":    {gbk(t, "资") + strings.Repeat("a", sniffed-3) + gbk(t, "资源"), kindText, "GB18030 text"},
		"cut rune at end":   {"资源"[:5], kindBinary, "unknown type"},
	} {
		f, err := detect(section([]byte(want.content)))
		if err != nil || f.kind != want.kind || !strings.Contains(f.what, want.what) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		p := Reader{}.Preview(t.Context(), stored(t, []byte(want.content)), "")
		if want.kind != kindZip && (p.Kind != want.kind || !strings.Contains(p.Summary, want.what) || (p.Problem != "") != (name == "empty" || name == "encrypted xlsx")) {
			t.Errorf("%s: %s, %s, %q", name, p.Kind, p.Summary, p.Problem)
		}
	}
}

// TestPartsAreTheWhole reads texts in parts of every size and puts them together.
func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(chinese, 3)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"UTF-8":     {[]byte(text), text},
		"with mark": {[]byte("\xef\xbb\xbf" + text), text},
		"UTF-16 LE": {encode(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text), text},
		"UTF-16 BE": {encode(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), text), text},
		"GB18030":   {encode(t, simplifiedchinese.GB18030, text), text},
	} {
		for limit := int64(1); limit < 40; limit++ {
			var whole strings.Builder
			r, file := Reader{}, stored(t, c.content)
			for at := int64(0); ; {
				part, err := r.Read(t.Context(), file, "a.txt", Selection{Offset: at, Limit: limit})
				must(t, err)
				if n := int64(len(part.Text)); n < min(limit, part.Total-at) || n > limit+3 || !utf8.ValidString(part.Text) || part.Offset != at || part.Total != int64(len(c.want)) {
					t.Fatalf("%s by %d: %+v", name, limit, part)
				}
				whole.WriteString(part.Text)
				if part.NextOffset == 0 {
					break
				}
				if part.NextOffset != at+int64(len(part.Text)) {
					t.Fatalf("%s by %d: %+v", name, limit, part)
				}
				at = part.NextOffset
			}
			if whole.String() != c.want {
				t.Errorf("%s by %d gave %q", name, limit, whole.String())
			}
		}
	}
}

func TestReadingText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(chinese, 3000)
	file := stored(t, []byte(long))
	read := func(s Selection) (Part, error) { return Reader{}.Read(t.Context(), file, "a.txt", s) }
	part, err := read(Selection{})
	must(t, err)
	if len(part.Text) < 16<<10 || len(part.Text) > 16<<10+3 || part.NextOffset != int64(len(part.Text)) || part.Unit != unitBytes || part.Note != "" {
		t.Errorf("the default part has %d bytes: %+v", len(part.Text), part.Note)
	}
	part, err = read(Selection{Offset: 1, Limit: 64 << 10})
	must(t, err)
	if part.Offset != 3 || part.Text != long[3:3+len(part.Text)] {
		t.Errorf("an offset inside a character gave offset %d", part.Offset)
	}
	for _, offset := range []int64{int64(len(long)), int64(len(long)) + 1, 1 << 62, 1<<63 - 1} {
		part, err = read(Selection{Offset: offset})
		must(t, err)
		if part.Text != "" || part.NextOffset != 0 || part.Offset != offset {
			t.Errorf("beyond the end: %+v", part)
		}
		wantText(t, part.Note, "there is nothing at offset")
	}
	for _, wrong := range []struct {
		s        Selection
		argument string
	}{
		{Selection{Offset: -1}, `"offset" is -1`}, {Selection{Limit: -1}, `"limit" is -1`}, {Selection{Limit: 65537}, "1 to 65536 for bytes"},
		{Selection{Entry: "a"}, `"entry" names a file inside a zip, but the content is plain text`}, {Selection{Sheet: "a"}, `"sheet" names a sheet`},
		{Selection{Entry: strings.Repeat("a", 5000)}, `"entry" has 5000 bytes`}, {Selection{Sheet: strings.Repeat("a", 5000)}, `"sheet" has 5000 bytes`},
	} {
		_, err := read(wrong.s)
		wantCode(t, err, sdk.CodeInvalidArgument, wrong.argument)
	}
}

func TestTextPreviewEndsAtALine(t *testing.T) {
	t.Parallel()
	p := Reader{}.Preview(t.Context(), stored(t, []byte(strings.Repeat(chinese, 1000))), "main.tf")
	if !p.Truncated || !strings.HasSuffix(p.Text, "\n") || len(p.Text) > previewBytes || len(p.Text) < previewBytes-len(chinese) {
		t.Errorf("%d bytes, %q", len(p.Text), p.Summary)
	}
	p = Reader{}.Preview(t.Context(), stored(t, []byte(strings.Repeat("源", 5000))), "main.tf")
	if !p.Truncated || len(p.Text) < previewBytes || !utf8.ValidString(p.Text) {
		t.Errorf("%d bytes, %q", len(p.Text), p.Summary)
	}
	p = Reader{}.Preview(t.Context(), stored(t, []byte(chinese)), "main.tf")
	if p.Truncated || p.Text != chinese || p.Problem != "" {
		t.Errorf("%+v", p)
	}
}

func TestTextThatTurnsBinary(t *testing.T) {
	t.Parallel()
	file := stored(t, []byte(strings.Repeat("a", sniffed)+"\xff\xff\x80\x80\x80\x80\x80end"))
	var ends []int64
	for at := int64(sniffed); ; {
		part, err := Reader{}.Read(t.Context(), file, "a", Selection{Offset: at, Limit: 1})
		must(t, err)
		if at != part.Offset || !utf8.ValidString(part.Text) {
			t.Fatalf("%+v", part)
		}
		ends = append(ends, part.NextOffset)
		if at = part.NextOffset; at == 0 {
			break
		}
	}
	if len(ends) != 10 {
		t.Errorf("read in steps to %v", ends)
	}
	part, err := Reader{}.Read(t.Context(), file, "a", Selection{Offset: sniffed})
	must(t, err)
	wantText(t, part.Note, "replaced by U+FFFD")
}

func TestANameThatPromisesSomethingElse(t *testing.T) {
	t.Parallel()
	file := stored(t, []byte("<html>gone</html>"))
	for name, want := range map[string]string{"a.zip": ".zip", "A.XLSX": ".xlsx", "a.html": "", "": ""} {
		if p := (Reader{}).Preview(t.Context(), file, name); (p.Problem == "") != (want == "") || !strings.Contains(p.Problem, want) {
			t.Errorf("%s: %q", name, p.Problem)
		}
	}
	r, noBook := reader(t, "child-serve"), stored(t, zipOf(t, member{name: "a", body: "b"}))
	wantText(t, r.Preview(t.Context(), noBook, "a.xlsx").Problem, "the name ends in .xlsx, but the content is a zip without a workbook")
	if p := r.Preview(t.Context(), noBook, "a.zip"); p.Problem != "" {
		t.Errorf("%q", p.Problem)
	}
}

// TestAFileThatShrinks lets files be shorter than they were.
func TestAFileThatShrinks(t *testing.T) {
	t.Parallel()
	file := stored(t, []byte(strings.Repeat("a", 100)))
	longer := io.NewSectionReader(file, 0, 1000)
	for offset, want := range map[int64]int{0: 100, 90: 10, 100: 0, 500: 0} {
		part, err := readPlain(t.Context(), longer, form{kind: kindText}, Selection{Offset: offset})
		if err != nil || len(part.Text) != want || part.NextOffset != 0 {
			t.Errorf("at %d: %+v, %v", offset, part, err)
		}
	}
	whole := zipOf(t, member{name: "a.txt", body: strings.Repeat("hello", 1000), stored: true})
	for cut := range whole {
		shrunk := io.NewSectionReader(strings.NewReader(string(whole[:cut])), 0, int64(len(whole)))
		if _, err := openArchive(shrunk); err == nil || sdk.AsError(err).Code != sdk.CodeDataLoss {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestNoRegularFile(t *testing.T) {
	t.Parallel()
	folder, err := os.Open(t.TempDir())
	must(t, err)
	defer func() { _ = folder.Close() }()
	if p := (Reader{}).Preview(t.Context(), folder, "a.zip"); p.Kind != kindBinary || p.Problem == "" {
		t.Errorf("%+v", p)
	}
	_, err = Reader{}.Read(t.Context(), folder, "a.zip", Selection{})
	wantCode(t, err, sdk.CodeUnavailable, "a.zip could not be read")
	wantCode(t, Reader{}.Whole(t.Context(), folder), sdk.CodeUnavailable)
}

func TestALongDecodingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	content := section(encode(t, simplifiedchinese.GB18030, chinese))
	if _, err := readText(ctx, content, form{encoding: simplifiedchinese.GB18030}, 0, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
