package preview

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"mcp-server/internal/artifact/workbook"
	"mcp-server/sdk"
)

// TestMain lets the test binary be the child of its own tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if run, ok := children[os.Args[1]]; ok {
			if err := run(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// children are what the test binary does as a child. The last argument is the request.
var children = map[string]func(args []string) error{
	"child-serve": func(args []string) error {
		return Serve(args[0], os.Stdin, os.Stdout, openBook) //nolint:forbidigo // this is a main function
	},
	"child-allocate": func([]string) error {
		boundProcess(true)
		kept := [][]byte{}
		for {
			block := make([]byte, 1<<20)
			for n := 0; n < len(block); n += 4096 {
				block[n] = 1
			}
			kept = append(kept, block)
			runtime.KeepAlive(kept)
		}
	},
	"child-spin": func([]string) error { return spin() },
	"child-killed": func([]string) error {
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		_ = self.Kill()
		return spin()
	},
	"child-chatter": func([]string) error {
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("{", 4096)); err != nil { //nolint:forbidigo // this is a main function
				return err
			}
		}
	},
	"child-garbage": func([]string) error {
		_, err := os.Stdout.WriteString(`{"preview":`) //nolint:forbidigo // this is a main function
		return err
	},
	"child-silent": func([]string) error { return nil },
	"child-panic":  func([]string) error { panic("as a library does") },
	"child-surroundings": func([]string) error {
		folder, err := os.Getwd()
		if err != nil {
			return err
		}
		text := strings.Join(append(os.Environ(), "folder="+folder), "\n")
		_, err = fmt.Fprintf(os.Stdout, `{"preview":{"kind":"zip","summary":%q}}`, text) //nolint:forbidigo // this is a main function
		return err
	},
	"child-host": hostChild,
	"child-left": leftChild,
}

// openBook is what the program gives to Serve.
func openBook(path, tempDir string, unpacked int64) (Workbook, error) {
	b, err := workbook.Open(path, tempDir, unpacked)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// spin never ends; a select without cases would be ended by the runtime.
func spin() error {
	for n := 0; ; n++ {
		runtime.KeepAlive(n)
	}
}

// reader returns a patient Reader whose child does one of [children], with arguments before the request.
func reader(t testing.TB, child string, args ...string) Reader {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	return Reader{
		Command: append([]string{program, child}, args...), TempDir: t.TempDir(),
		bounds: bounds{patience: time.Minute}, // the race detector is slow, and all tests run at once
	}
}

// stored writes a file and opens it for reading.
func stored(t testing.TB, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "content")
	must(t, os.WriteFile(path, content, 0o600))
	file, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func section(content []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// member is one entry of a zip.
type member struct {
	name   string
	body   string
	stored bool
}

func zipOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var buffer bytes.Buffer
	out := zip.NewWriter(&buffer)
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		if m.stored {
			header.Method = zip.Store
		}
		to, err := out.CreateHeader(header)
		must(t, err)
		_, err = io.WriteString(to, m.body)
		must(t, err)
	}
	must(t, out.Close())
	return buffer.Bytes()
}

// rawZip holds one entry whose packed bytes, size and checksum are given, true or not.
func rawZip(t testing.TB, name string, packed []byte, size uint64, sum uint32) []byte {
	t.Helper()
	var buffer bytes.Buffer
	out := zip.NewWriter(&buffer)
	to, err := out.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: size, CRC32: sum,
	})
	must(t, err)
	_, err = to.Write(packed)
	must(t, err)
	must(t, out.Close())
	return buffer.Bytes()
}

// repeated packs a block many times over: small on disk, as large as one likes unpacked.
func repeated(t testing.TB, before, block, after string, times int) (packed []byte, size uint64) {
	t.Helper()
	pack := func(text string, final bool) []byte {
		var buffer bytes.Buffer
		to, err := flate.NewWriter(&buffer, flate.BestCompression)
		must(t, err)
		_, err = io.WriteString(to, text)
		must(t, err)
		if final {
			must(t, to.Close())
		} else {
			must(t, to.Flush())
		}
		return buffer.Bytes()
	}
	packed = append(pack(before, false), bytes.Repeat(pack(block, false), times)...)
	return append(packed, pack(after, true)...), uint64(len(before)) + uint64(times)*uint64(len(block)) + uint64(len(after))
}

// bomb is a zip of 10 GiB of zeros.
func bomb(t testing.TB) []byte {
	t.Helper()
	packed, size := repeated(t, "", strings.Repeat("\x00", 1<<20), "", 10<<10)
	return rawZip(t, "zeros", packed, size, 1)
}

// encrypted sets the flag in every header of a zip.
func encrypted(content []byte) []byte {
	content = bytes.Clone(content)
	for _, header := range []struct {
		magic string
		flags int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		for at := 0; ; {
			next := bytes.Index(content[at:], []byte(header.magic))
			if next < 0 {
				break
			}
			at += next + header.flags
			content[at] |= encryptedFlag
		}
	}
	return content
}

// claim changes the directory's end: a claimed number of records and size.
func claim(content []byte, records uint16, size uint32) []byte {
	content = bytes.Clone(content)
	end := content[bytes.LastIndex(content, []byte("PK\x05\x06")):]
	binary.LittleEndian.PutUint16(end[10:], records)
	binary.LittleEndian.PutUint32(end[12:], size)
	return content
}

func gbk(t testing.TB, text string) string {
	t.Helper()
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	must(t, err)
	return encoded
}

// page is one sheet of a workbook; a nil row is left out.
type page struct {
	name string
	rows [][]any
}

func xlsx(t testing.TB, pages ...page) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	for n, p := range pages {
		if n == 0 {
			must(t, book.SetSheetName(book.GetSheetName(0), p.name))
		} else {
			_, err := book.NewSheet(p.name)
			must(t, err)
		}
		for at, row := range p.rows {
			if row != nil {
				must(t, book.SetSheetRow(p.name, fmt.Sprintf("A%d", at+1), &row))
			}
		}
	}
	buffer, err := book.WriteToBuffer()
	must(t, err)
	return buffer.Bytes()
}

// replace returns the zip with another body for one entry.
func replace(t testing.TB, content []byte, name, body string) []byte {
	t.Helper()
	return zipOf(t, append([]member{{name: name, body: body}}, others(t, content, name)...)...)
}

// addRaw returns the zip with packed bytes for one entry.
func addRaw(t testing.TB, content []byte, name string, packed []byte, size uint64) []byte {
	t.Helper()
	var buffer bytes.Buffer
	out := zip.NewWriter(&buffer)
	for _, m := range others(t, content, name) {
		to, err := out.Create(m.name)
		must(t, err)
		_, err = io.WriteString(to, m.body)
		must(t, err)
	}
	to, err := out.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: size})
	must(t, err)
	_, err = to.Write(packed)
	must(t, err)
	must(t, out.Close())
	return buffer.Bytes()
}

// others returns the entries of a zip but for one, and for folders, into which nothing can be written.
func others(t testing.TB, content []byte, name string) (members []member) {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	must(t, err)
	for _, f := range in.File {
		if f.Name == name || strings.HasSuffix(f.Name, "/") {
			continue
		}
		from, err := f.Open()
		must(t, err)
		kept, err := io.ReadAll(from)
		must(t, err)
		members = append(members, member{name: f.Name, body: string(kept)})
	}
	return members
}

func wantCode(t *testing.T, err error, code sdk.Code, fragments ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s %q", code, fragments)
		return
	}
	if e := sdk.AsError(err); e.Code != code {
		t.Errorf("got %v (%s), want %s", err, e.Code, code)
	}
	wantText(t, err.Error(), fragments...)
}

func wantText(t *testing.T, text string, fragments ...string) {
	t.Helper()
	for _, fragment := range fragments {
		if !strings.Contains(text, fragment) {
			t.Errorf("%q does not contain %q", text, fragment)
		}
	}
}
