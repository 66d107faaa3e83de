package preview

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

func TestZipPreview(t *testing.T) {
	t.Parallel()
	r := reader(t, "child-serve")
	content := zipOf(t, member{name: "folder/"}, member{name: "folder/主.tf", body: chinese}, member{name: "b.bin", body: "\x00"})
	got := r.Preview(t.Context(), stored(t, content), "a.zip")
	want := &sdk.Preview{
		Kind: kindZip, Summary: "zip archive of 2 files, 78 bytes unpacked", EntryCount: 2,
		Entries: []sdk.Entry{{Name: "folder/主.tf", Size: int64(len(chinese))}, {Name: "b.bin", Size: 1}},
	}
	want.Summary = fmt.Sprintf("zip archive of 2 files, %d bytes unpacked", len(chinese)+1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	empty := r.Preview(t.Context(), stored(t, zipOf(t)), "a.zip")
	if diff := cmp.Diff(&sdk.Preview{Kind: kindZip, Summary: "zip archive of 0 files, 0 bytes unpacked"}, empty); diff != "" {
		t.Errorf("empty (-want +got):\n%s", diff)
	}
	var many []member
	for n := range 1234 {
		many = append(many, member{name: fmt.Sprintf("%d-%s", n, strings.Repeat("x", n%300))})
	}
	p := r.Preview(t.Context(), stored(t, zipOf(t, many...)), "a.zip")
	if p.EntryCount != 1234 || !p.Truncated || len(p.Entries) == 0 || len(p.Entries) > 50 || jsonSize(p) > 6<<10 {
		t.Errorf("%d entries shown of %d in %d bytes", len(p.Entries), p.EntryCount, jsonSize(p))
	}
}

func TestProblemsOfZips(t *testing.T) {
	t.Parallel()
	small := zipOf(t, member{name: "a.txt", body: "hello"}, member{name: "b.txt", body: "hello"})
	link := func() []byte {
		var buffer bytes.Buffer
		out := zip.NewWriter(&buffer)
		header := &zip.FileHeader{Name: "link"}
		header.SetMode(os.ModeSymlink | 0o777)
		to, err := out.CreateHeader(header)
		must(t, err)
		_, err = io.WriteString(to, "/etc/passwd")
		must(t, err)
		must(t, out.Close())
		return buffer.Bytes()
	}()
	for name, c := range map[string]struct {
		content []byte
		entries int
		said    string
	}{
		"fine":          {small, 2, ""},
		"encrypted":     {encrypted(small), 2, "2 of 2 files are encrypted and cannot be read here"},
		"up":            {zipOf(t, member{name: "../../etc/passwd"}), 1, "1 name leads outside the folder (../../etc/passwd); do not unpack"},
		"up, Windows":   {zipOf(t, member{name: `a\..\..\b`}), 1, "1 name leads outside"},
		"absolute":      {zipOf(t, member{name: "/etc/passwd"}, member{name: `\x`}), 2, "2 names lead outside"},
		"drive":         {zipOf(t, member{name: "c:x"}), 1, "1 name leads outside the folder (c:x)"},
		"dots in names": {zipOf(t, member{name: "a..b/..c/d.."}), 1, ""},
		"twice":         {zipOf(t, member{name: "a"}, member{name: "a"}, member{name: "a"}), 3, "2 names occur more than once (a); of these the last is read"},
		"link":          {link, 1, "1 file is a symbolic link"},
		"bomb":          {bomb(t), 1, "1 file unpacks to an absurd size, as in a decompression bomb (zeros: 10.0 GiB from"},
		"prefix":        {append([]byte("PK\x03\x04 and more"), small...), 2, "something stands before the archive that is not part of it"},
		"overlap":       {overlapping(t), 20, "files of the zip overlap"},
		"more claimed":  {claim(small, 3, uint32(len(small))-100), 0, "damaged"},
		"huge claimed":  {huge(t, small, 1<<60, 1<<20), 0, "the zip claims 1152921504606846976 files, more than 500000"},
		"huge folder":   {huge(t, small, 2, 1<<40), 0, "the zip claims a directory of 1.0 TiB, more than 64.0 MiB"},
		"negative":      {huge(t, small, 2, 1<<63), 0, "the zip claims a directory of 8.0 EiB"},
		"volumes":       {volume(small), 0, "one part of several"},
		"no directory":  {[]byte("PK\x03\x04"), 0, "cut off"},
	} {
		p := worker{openBook: openBook}.previewArchive(section(c.content), false)
		if p.Kind != kindZip || len(p.Entries) != c.entries || p.EntryCount != c.entries || (p.Problem == "") != (c.said == "") || !strings.Contains(p.Problem, c.said) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// overlapping is a zip whose directory names the same content many times.
func overlapping(t *testing.T) []byte {
	t.Helper()
	one := zipOf(t, member{name: "a.txt", body: strings.Repeat("x", 1000), stored: true})
	at := bytes.Index(one, []byte("PK\x01\x02"))
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	directory := bytes.Repeat(one[at:end], 20)
	for n := range 20 {
		directory[n*(end-at)+46] = byte('a' + n) // other names
	}
	return claim(slices.Concat(one[:at], directory, one[end:]), 20, uint32(len(directory)))
}

// huge adds a zip64 record with any numbers to a zip.
func huge(t *testing.T, content []byte, records, size uint64) []byte {
	t.Helper()
	end := bytes.LastIndex(content, []byte("PK\x05\x06"))
	record := make([]byte, end64Length+locator64Length)
	copy(record, "PK\x06\x06")
	binary.LittleEndian.PutUint64(record[32:], records)
	binary.LittleEndian.PutUint64(record[40:], size)
	copy(record[end64Length:], "PK\x06\x07")
	binary.LittleEndian.PutUint64(record[end64Length+8:], uint64(end))
	binary.LittleEndian.PutUint32(record[end64Length+16:], 1)
	return claim(slices.Concat(content[:end], record, content[end:]), 0xffff, 0xffffffff)
}

func volume(content []byte) []byte {
	content = bytes.Clone(content)
	content[bytes.LastIndex(content, []byte("PK\x05\x06"))+4] = 1
	return content
}

func TestNamesOfEntries(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		gbk(t, "资源/模板.tf"): "资源/模板.tf", "资源/模板.tf": "资源/模板.tf", "a\xffb\x80": "a\ufffdb\ufffd",
		"rtl\u202egpj.exe": "rtlgpj.exe", "a\x1b[31m\r\nb\x00": "a[31mb", "\x01": "#7", "": "#7", " ": " #7",
		strings.Repeat("源", 100): strings.Repeat("源", 80) + "…#7",
		strings.Repeat("a", 240): strings.Repeat("a", 240),
		strings.Repeat("a", 241): strings.Repeat("a", 240) + "…#7",
	} {
		if got := entryName(raw, 7); got != want {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}

// TestEveryNameReadsItsOwnEntry reads by the shown names.
func TestEveryNameReadsItsOwnEntry(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	content := zipOf(t, member{name: gbk(t, "模板.tf"), body: "0"}, member{name: long + "1", body: "1"}, member{name: long + "2", body: "2"},
		member{name: "../up", body: "3"}, member{name: "\x01", body: "4"}, member{name: "\x02", body: "5"}, member{name: "twice", body: "?"}, member{name: "twice", body: "7"})
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	list, err := w.read(t.Context(), section(content), Selection{})
	must(t, err)
	for n, e := range list.Entries {
		part, err := w.read(t.Context(), section(content), Selection{Entry: e.Name})
		if n == 6 {
			n = 7 // the name occurs twice
		}
		if err != nil || part.Text != fmt.Sprint(n) || part.Entry != e.Name || part.Kind != kindText {
			t.Errorf("%q: %+v, %v", e.Name, part, err)
		}
	}
	if part, err := w.read(t.Context(), section(content), Selection{Entry: gbk(t, "模板.tf")}); err != nil || part.Text != "0" {
		t.Errorf("by its raw name: %+v, %v", part, err)
	}
}

func TestListingInParts(t *testing.T) {
	t.Parallel()
	var members []member
	for n := range 1500 {
		members = append(members, member{name: fmt.Sprintf("%04d-%s", n, strings.Repeat("x", 100))})
	}
	content := section(zipOf(t, members...))
	var names []string
	parts := 0
	for at := int64(0); ; parts++ {
		part, err := worker{openBook: openBook}.read(t.Context(), content, Selection{Offset: at, Limit: 1000})
		must(t, err)
		if part.Total != 1500 || part.Unit != unitEntries || jsonSize(part) > maxPartJSON+500 {
			t.Fatalf("%d bytes, total %d", jsonSize(part), part.Total)
		}
		for _, e := range part.Entries {
			names = append(names, e.Name)
		}
		if at = part.NextOffset; at == 0 {
			break
		}
	}
	if len(names) != 1500 || !slices.IsSorted(names) || parts < 2 {
		t.Errorf("%d names in %d parts", len(names), parts)
	}
	part, err := worker{openBook: openBook}.read(t.Context(), content, Selection{})
	if err != nil || len(part.Entries) != 100 || part.NextOffset != 100 {
		t.Errorf("by default %d entries, %v", len(part.Entries), err)
	}
	part, err = worker{openBook: openBook}.read(t.Context(), content, Selection{Offset: 1<<63 - 1})
	if err != nil || len(part.Entries) != 0 || part.Note == "" || part.NextOffset != 0 {
		t.Errorf("beyond the end: %+v, %v", part, err)
	}
	_, err = worker{openBook: openBook}.read(t.Context(), content, Selection{Limit: 1001})
	wantCode(t, err, sdk.CodeInvalidArgument, `"limit" is 1001; of this content one call reads 1 to 1000 entries`)
	_, err = worker{openBook: openBook}.read(t.Context(), content, Selection{Sheet: "a"})
	wantCode(t, err, sdk.CodeInvalidArgument, `"sheet" names a sheet of a workbook, but the content is a zip`)
}

func TestReadingEntries(t *testing.T) {
	t.Parallel()
	r := reader(t, "child-serve")
	inner := zipOf(t, member{name: "deep.txt", body: "deep"})
	file := stored(t, zipOf(t,
		member{name: "a/main.tf", body: strings.Repeat(chinese, 500)}, member{name: "utf16", body: "\xff\xfea\x00b\x00"}, member{name: "pic.png", body: "\x89PNG\r\n\x1a\n\x00"},
		member{name: "inner.zip", body: string(inner)}, member{name: "book.xlsx", body: string(xlsx(t, page{"一", [][]any{{"k", "v"}, {1, 2}}}))}, member{name: "empty"}))
	read := func(s Selection) Part {
		part, err := r.Read(t.Context(), file, "a.zip", s)
		if err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		return part
	}
	if part := read(Selection{Entry: "a/main.tf", Offset: 3, Limit: 6}); part.Text != strings.Repeat(chinese, 1)[3:9] || part.NextOffset != 9 || part.Total != int64(500*len(chinese)) {
		t.Errorf("text: %+v", part)
	}
	if part := read(Selection{Entry: "utf16"}); part.Text != "ab" {
		t.Errorf("UTF-16: %+v", part)
	}
	if part := read(Selection{Entry: "pic.png"}); part.Kind != kindBinary || part.Total != 9 || !strings.Contains(part.Note, "image/png; it is not readable as text; unpack it") {
		t.Errorf("binary: %+v", part)
	}
	if part := read(Selection{Entry: "inner.zip"}); part.Kind != kindZip || len(part.Entries) != 1 || part.Entries[0].Name != "deep.txt" || !strings.Contains(part.Note, "only listed") {
		t.Errorf("zip: %+v", part)
	}
	if part := read(Selection{Entry: "book.xlsx", Sheet: "一", Offset: 1}); part.Kind != kindXlsx || !cmp.Equal(part.Rows, [][]string{{"1", "2"}}) {
		t.Errorf("workbook: %+v", part)
	}
	if part := read(Selection{Entry: "empty"}); part.Kind != kindBinary || part.Note != "the file is empty" {
		t.Errorf("empty: %+v", part)
	}
	for _, c := range []struct {
		s    Selection
		said string
	}{
		{Selection{Entry: "MAIN.tf"}, `similar are ["a/main.tf"]`}, {Selection{Entry: "/x/inner.zip"}, `similar are ["inner.zip"]`},
		{Selection{Entry: "nothing"}, `of 6 files the first are ["a/main.tf" "utf16" "pic.png" "inner.zip" "book.xlsx"]`},
		{Selection{Entry: "a/main.tf", Sheet: "x"}, `"sheet" names a sheet`}, {Selection{Entry: "book.xlsx", Sheet: "二"}, `the first are ["一"]`},
	} {
		_, err := r.Read(t.Context(), file, "a.zip", c.s)
		wantCode(t, err, sdk.CodeInvalidArgument, c.said)
	}
	_, err := r.Read(t.Context(), stored(t, encrypted(zipOf(t, member{name: "a", body: "b"}))), "a.zip", Selection{Entry: "a"})
	wantCode(t, err, sdk.CodeInvalidArgument, `"entry" names "a", which is encrypted and cannot be read here`)
	wantEmpty(t, r.TempDir)
}

func TestReadingABomb(t *testing.T) {
	t.Parallel()
	r, file := reader(t, "child-serve"), stored(t, bomb(t))
	part, err := r.Read(t.Context(), file, "a.zip", Selection{Entry: "zeros"})
	if err != nil || part.Kind != kindBinary || part.Total != 10<<30 || !strings.Contains(part.Note, "only the first 64.0 MiB") {
		t.Errorf("%+v, %v", part, err)
	}
	packed, size := repeated(t, "", strings.Repeat("0", 1<<20), "", 1<<10)
	file = stored(t, rawZip(t, "digits", packed, size, 1))
	for offset, length := range map[int64]int{maxSpool - 10: 10, maxSpool: 0, 1 << 29: 0} {
		part, err = r.Read(t.Context(), file, "a.zip", Selection{Entry: "digits", Offset: offset})
		if err != nil || len(part.Text) != length || part.NextOffset != 0 || part.Total != 1<<30 || !strings.Contains(part.Note, "only the first 64.0 MiB are read") {
			t.Errorf("at %d: %d bytes, %s, %v", offset, len(part.Text), part.Note, err)
		}
	}
	packed, size = repeated(t, string(zipOf(t, member{name: "a"})), strings.Repeat("\x00", 1<<20), "", 64)
	file = stored(t, rawZip(t, "nested.zip", packed, size, 1))
	_, err = r.Read(t.Context(), file, "a.zip", Selection{Entry: "nested.zip"})
	wantCode(t, err, sdk.CodeInvalidArgument, "archives in archives are read up to 64.0 MiB")
	wantEmpty(t, r.TempDir)
}

func TestDamagedEntries(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 3000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	for at := range noise {
		noise[at] = 'a' + noise[at]%26
	}
	whole := zipOf(t, member{name: "a.txt", body: string(noise)}, member{name: "b.txt", body: "fine", stored: true})
	spoilt := bytes.Clone(whole)
	for at := 1500; at < 1600; at++ {
		spoilt[at] ^= 0xff
	}
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	part, err := w.read(t.Context(), section(spoilt), Selection{Entry: "a.txt"})
	if err != nil || !strings.HasPrefix(string(noise), part.Text[:min(1000, len(part.Text))]) || !strings.Contains(part.Note, `the entry "a.txt" is damaged`) {
		t.Errorf("spoilt: %+v, %v", part, err)
	}
	if part, err := w.read(t.Context(), section(spoilt), Selection{Entry: "b.txt"}); err != nil || part.Text != "fine" || part.Note != "" {
		t.Errorf("its neighbour: %+v, %v", part, err)
	}
	wantCode(t, wholeBytes(spoilt), sdk.CodeDataLoss)
	spoilt = bytes.Replace(whole, []byte("fine"), []byte("fire"), 1)
	part, err = w.read(t.Context(), section(spoilt), Selection{Entry: "b.txt"})
	if err != nil || part.Text != "fire" || !strings.Contains(part.Note, "its checksum is wrong") {
		t.Errorf("another letter: %+v, %v", part, err)
	}
	lie := rawZip(t, "a.txt", []byte("\xff\xff\xff"), 100, 1)
	_, err = w.read(t.Context(), section(lie), Selection{Entry: "a.txt"})
	wantCode(t, err, sdk.CodeDataLoss, `the entry "a.txt" is damaged`)
	method := bytes.Clone(whole)
	method[bytes.Index(method, []byte("PK\x01\x02"))+10] = 99
	_, err = w.read(t.Context(), section(method), Selection{Entry: "a.txt"})
	wantCode(t, err, sdk.CodeFailedPrecondition, "packed in a way that cannot be read here")
}

func wholeBytes(content []byte) error { return whole(section(content)) }

// endless is a file of any size made of one block.
type endless []byte

func (e endless) ReadAt(p []byte, at int64) (int, error) {
	for n := range p {
		p[n] = e[(at+int64(n))%int64(len(e))]
	}
	return len(p), nil
}

// TestADirectoryWithoutEnd has a directory that its end does not mention.
func TestADirectoryWithoutEnd(t *testing.T) {
	t.Parallel()
	record := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	end := append([]byte("PK\x05\x06"), make([]byte, 18)...)
	const size = 128 << 20 / 46 * 46 // no more, so that the test fails in bounds too
	content := splice{endless(record), end, size}
	a, err := openArchive(io.NewSectionReader(content, 0, size+int64(len(end))))
	if err == nil {
		t.Fatalf("%d files were listed", len(a.files))
	}
	wantCode(t, err, sdk.CodeResourceExhausted, "directory is longer than 64.0 MiB")
}

// splice is a file with another end.
type splice struct {
	before io.ReaderAt
	end    []byte
	at     int64
}

func (s splice) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.before.ReadAt(p, at)
	for i := range p {
		if tail := at + int64(i) - s.at; tail >= 0 && tail < int64(len(s.end)) {
			p[i] = s.end[tail]
		}
	}
	return n, err
}

// TestAZipOfHalfAMillionFiles is the most that is read, and fits into the child's memory.
func TestAZipOfHalfAMillionFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "many.zip")
	to, err := os.Create(path)
	must(t, err)
	out := zip.NewWriter(to)
	for n := range manyFiles {
		_, err := out.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("some/folder/with/a/longer/name/%06d.json", n)})
		must(t, err)
	}
	must(t, out.Close())
	defer func() { _ = to.Close() }()
	r := reader(t, "child-serve")
	p := r.Preview(t.Context(), to, "many.zip")
	if p.EntryCount != manyFiles || p.Problem != "" {
		t.Errorf("%+v", p)
	}
	part, err := r.Read(t.Context(), to, "many.zip", Selection{Offset: manyFiles - 1})
	if err != nil || len(part.Entries) != 1 || part.NextOffset != 0 {
		t.Errorf("%+v, %v", part, err)
	}
}
