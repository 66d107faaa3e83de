package preview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"mcp-server/sdk"
)

const (
	previewBytes = 4 << 10
	// countedBytes is up to where a text in another encoding is decoded only to know its size.
	countedBytes = 64 << 20
)

// piece is a part of a text as UTF-8, from one character's beginning to another's.
type piece struct {
	text       string
	start, end int64
	total      int64 // -1 when unknown
	last       bool
}

func previewText(ctx context.Context, content *io.SectionReader, f form) *sdk.Preview {
	p := &sdk.Preview{Kind: kindText, Summary: f.what + ", " + amount(content.Size())}
	got, err := readText(ctx, content, f, 0, previewBytes)
	if err != nil {
		p.Problem = "the text could not be read: " + err.Error()
		return p
	}
	p.Text, p.Truncated = got.text, !got.last
	if line := strings.LastIndexByte(p.Text, '\n') + 1; p.Truncated && line > len(p.Text)/2 {
		p.Text = p.Text[:line]
	}
	if p.Truncated {
		p.Summary += fmt.Sprintf(", of which the first %d are shown", len(p.Text))
	}
	p.Text = strings.ToValidUTF8(p.Text, string(utf8.RuneError))
	return p
}

// readText reads a part of a text. Offsets count bytes of the decoded text; what is not valid UTF-8 counts as it stands.
func readText(ctx context.Context, content *io.SectionReader, f form, offset, limit int64) (piece, error) {
	const margin = utf8.UTFMax - 1 // a cut character before, two behind: where the part is moved to, and where it ends
	from := max(0, offset-margin)
	size := offset - from + limit + 2*margin + 1 // a full window goes beyond the part
	var buffer []byte
	var total int64
	var err error
	if f.encoding == nil {
		buffer, total, err = rawWindow(content, f.skip, from, size)
	} else {
		buffer, total, err = decodedWindow(ctx, content, f, from, size)
	}
	if err != nil {
		return piece{}, err
	}
	start := boundary(buffer, min(int64(len(buffer)), offset-from))
	end := boundary(buffer, min(int64(len(buffer)), start+limit))
	return piece{
		text: string(buffer[start:end]), start: from + start, end: from + end, total: total,
		last: end == int64(len(buffer)),
	}, nil
}

// rawWindow reads a window of a UTF-8 text, less at its end.
func rawWindow(content *io.SectionReader, skip, from, size int64) ([]byte, int64, error) {
	total := content.Size() - skip
	if from >= total {
		return nil, total, nil
	}
	buffer := make([]byte, min(size, total-from))
	n, err := content.ReadAt(buffer, skip+from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if int64(n) < min(size, total-from) {
		total = from + int64(n) // it has become shorter
	}
	return buffer[:n], total, nil
}

// decodedWindow decodes a text from its beginning: in other encodings a place in it cannot be computed.
func decodedWindow(ctx context.Context, content *io.SectionReader, f form, from, size int64) ([]byte, int64, error) {
	raw := io.NewSectionReader(content, f.skip, content.Size()-f.skip)
	decoded := f.encoding.NewDecoder().Reader(until(ctx, raw))
	skipped, err := io.CopyN(io.Discard, decoded, from)
	if errors.Is(err, io.EOF) {
		return nil, skipped, nil
	}
	if err != nil {
		return nil, 0, err
	}
	buffer, err := io.ReadAll(io.LimitReader(decoded, size))
	if err != nil {
		return nil, 0, err
	}
	total := from + int64(len(buffer))
	if int64(len(buffer)) == size {
		if content.Size() > countedBytes {
			return buffer, -1, nil
		}
		rest, err := io.Copy(io.Discard, decoded)
		if err != nil {
			return nil, 0, err
		}
		total += rest
	}
	return buffer, total, nil
}

// boundary returns the end of the character that at is in, or at itself where that is between two.
func boundary(text []byte, at int64) int64 {
	for back := int64(1); back < utf8.UTFMax && back <= at; back++ {
		if begin := at - back; utf8.RuneStart(text[begin]) {
			if _, size := utf8.DecodeRune(text[begin:]); int64(size) > back {
				return begin + int64(size)
			}
			break
		}
	}
	return at
}

// readerFunc is a function that reads.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// until ends a long read with its context.
func until(ctx context.Context, reader io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return reader.Read(p)
	})
}

// readPlain reads what is no zip: a file, or an unpacked entry.
func readPlain(ctx context.Context, content *io.SectionReader, f form, s Selection) (Part, error) {
	if err := s.noSheet(f.kind); err != nil {
		return Part{}, err
	}
	limit, err := textWindow.limit(s)
	if err != nil {
		return Part{}, err
	}
	if f.kind == kindBinary {
		return readBinary(content, f, s), nil
	}
	got, err := readText(ctx, content, f, s.Offset, limit)
	if err != nil {
		return Part{}, err
	}
	part := Part{Kind: kindText, Unit: unitBytes, Offset: got.start, Total: max(0, got.total), Text: got.text}
	if !got.last {
		part.NextOffset = got.end
	}
	if got.text == "" {
		part.Offset, part.NextOffset = s.Offset, 0
		part.Note = beyond(s.Offset, got.total, unitBytes)
	}
	if f.encoding != nil {
		part.Note = joined(part.Note, f.what+" given as UTF-8; offsets count bytes of the UTF-8")
	}
	if !utf8.ValidString(part.Text) {
		part.Text = strings.ToValidUTF8(part.Text, string(utf8.RuneError))
		part.Note = joined(part.Note, "bytes that are not UTF-8 are replaced by U+FFFD")
	}
	return part, nil
}

func beyond(offset, total int64, unit string) string {
	return fmt.Sprintf("there is nothing at offset %d: the content has %d %s", offset, max(0, total), unit)
}

func previewBinary(content *io.SectionReader, f form) *sdk.Preview {
	p := &sdk.Preview{Kind: kindBinary, Summary: f.what + ", " + amount(content.Size())}
	switch {
	case content.Size() == 0:
		p.Problem = "the file is empty"
	case f.what == whatOLE:
		p.Problem = "the document is encrypted or in an old format and cannot be read here"
	}
	return p
}

func readBinary(content *io.SectionReader, f form, s Selection) Part {
	note := f.what + "; it is not readable as text; open the file at the artifact's path"
	if s.Entry != "" {
		note = f.what + "; it is not readable as text; unpack it from the archive at the artifact's path"
	}
	if content.Size() == 0 {
		note = "the file is empty"
	}
	return Part{Kind: kindBinary, Unit: unitBytes, Offset: s.Offset, Total: content.Size(), Note: note}
}
