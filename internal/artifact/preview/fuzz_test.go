package preview

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// fuzzed bounds the inputs: what a thousandfold unpacks takes its time, and bounds of that are tested elsewhere.
const fuzzed = 32 << 10

func FuzzText(f *testing.F) {
	for _, seed := range [][]byte{
		nil, []byte("a"), []byte(chinese), []byte("\xef\xbb\xbf" + chinese), []byte(gbk(f, chinese)), []byte("%PDF-"), {0xff, 0xfe, 0}, {0xfe, 0xff, 0xd8},
		encode(f, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), chinese), []byte("a\xe8\xb5"), []byte("PK\x03\x04"),
	} {
		f.Add(seed, int64(0), int64(1))
		f.Add(seed, int64(5), int64(7))
	}
	f.Fuzz(func(t *testing.T, content []byte, offset, limit int64) {
		if len(content) > fuzzed || offset < 0 || limit < 1 || limit > textWindow.most {
			t.Skip()
		}
		form, err := detect(section(content))
		must(t, err)
		part, err := readPlain(t.Context(), section(content), form, Selection{Offset: offset, Limit: limit})
		if err != nil || !utf8.ValidString(part.Text) || part.NextOffset != 0 && part.NextOffset <= offset {
			t.Errorf("%+v, %v", part, err)
		}
		form = forced(form)
		var whole strings.Builder
		for at := int64(0); ; {
			got, err := readText(t.Context(), section(content), form, at, max(limit, int64(len(content)/64)))
			if err != nil || got.start != at || got.end != at+int64(len(got.text)) || !got.last && got.end == at {
				t.Fatalf("at %d: %+v, %v", at, got, err)
			}
			whole.WriteString(got.text)
			if at = got.end; got.last {
				break
			}
		}
		if want := string(content[form.skip:]); form.encoding == nil && whole.String() != want {
			t.Errorf("the parts give %q, not %q", whole.String(), want)
		}
	})
}

// forced reads anything as a text, which content may become behind its beginning.
func forced(f form) form {
	if f.kind != kindText {
		return form{kind: kindText}
	}
	return f
}

func FuzzZip(f *testing.F) {
	small := zipOf(f, member{name: "a.txt", body: "hello"}, member{name: "资源/", body: ""}, member{name: "../b", body: chinese, stored: true})
	for _, seed := range [][]byte{
		small, zipOf(f), encrypted(small), small[:len(small)-5], append([]byte("PK\x03\x04"), small...), zipOf(f, member{name: gbk(f, "资源"), body: string(small)}),
		zipOf(f, member{name: "inner.zip", body: string(small), stored: true}), rawZip(f, "x", []byte("\x03\x00"), 1<<40, 5),
	} {
		f.Add(seed, "a.txt", int64(0), int64(0))
		f.Add(seed, "inner.zip", int64(1), int64(1))
	}
	f.Fuzz(func(t *testing.T, content []byte, entry string, offset, limit int64) {
		s := Selection{Entry: entry, Offset: offset, Limit: limit}
		if len(content) > fuzzed || s.check() != nil {
			t.Skip()
		}
		w := worker{tempDir: t.TempDir(), openBook: openBook}
		p := w.previewArchive(section(content), true)
		if size := jsonSize(p); size > 8<<10 || !utf8.ValidString(p.Problem) || p.Summary == "" {
			t.Errorf("%d bytes: %+v", size, p)
		}
		_ = whole(section(content))
		a, err := openArchive(section(content))
		if err != nil {
			return
		}
		if _, err := w.read(t.Context(), section(content), s); err == nil && entry != "" && p.EntryCount == 0 {
			t.Errorf("%q was read from a zip without files", entry)
		}
		for _, file := range a.files[:min(len(a.files), 3)] {
			_, _ = w.read(t.Context(), section(content), Selection{Entry: file.name, Offset: offset})
		}
	})
}

func FuzzWorkbook(f *testing.F) {
	book := xlsx(f, page{"a", [][]any{{"k", "v"}, {1, 2.5}}}, page{"资", [][]any{nil, {"z"}}})
	f.Add(book, "xl/workbook.xml", `<workbook><sheets><sheet name="a" r:id="rId1"/></sheets></workbook>`, int64(0))
	f.Add(book, "xl/sharedStrings.xml", `<sst><si><t>k</t></si><si><r><t>v</t></r></si></sst>`, int64(1))
	f.Add(book, "xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="3"><c r="B3" t="s"><v>0</v></c><c t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>`, int64(2))
	f.Add(book, "xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="1"><c r="A1" s="1"><v>45000.5</v></c><c r="XFD1" t="b"><v>1</v></c></row></sheetData></worksheet>`, int64(0))
	f.Add(book, "xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m;[Red]0.00E+0;@"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>`, int64(0))
	f.Add(book, "xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`, int64(0))
	f.Add(book, "_rels/.rels", `<Relationships/>`, int64(0))
	f.Add(book, "xl/theme/theme1.xml", `<theme/>`, int64(0))
	f.Add(book[:len(book)-30], "", "", int64(0))
	f.Fuzz(func(t *testing.T, content []byte, name, body string, offset int64) {
		if len(content)+len(body) > fuzzed || offset < 0 || !bytes.HasPrefix(content, []byte("PK")) {
			t.Skip()
		}
		w := worker{tempDir: t.TempDir(), openBook: openBook}
		exercise(t, w, content, offset)
		if name != "" && !strings.HasSuffix(name, "/") && whole(section(content)) == nil {
			exercise(t, w, replace(t, content, name, body), offset)
		}
	})
}

func exercise(t *testing.T, w worker, content []byte, offset int64) {
	t.Helper()
	p := w.previewArchive(section(content), false)
	if size := jsonSize(p); size > 8<<10 || p.Summary == "" {
		t.Errorf("%d bytes: %+v", size, p)
	}
	part, err := w.read(t.Context(), section(content), Selection{Offset: offset})
	if err == nil && (part.NextOffset != 0 && part.NextOffset <= offset || jsonSize(part) > maxPartJSON+8<<10) {
		t.Errorf("%+v", part)
	}
	for _, s := range p.Sheets {
		_, _ = w.read(t.Context(), section(content), Selection{Sheet: s.Name, Offset: offset, Limit: 1000})
	}
}
