package huaweicloud

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// copyBuffer is read and written at once: large enough that the system calls do not count, small enough to stay in a processor's cache.
const copyBuffer = 512 << 10

// longDownload is so many bytes that a client had better not wait for them.
const longDownload = 32 << 20

// gzipMagic is how a gzip begins; there is no other method than the last byte's.
const gzipMagic = "\x1f\x8b\x08"

// begin makes the file ready for a reply: to go on with the rest of what it holds, or to take the whole. It returns the
// content, and notes its name, length and version.
func (f *fetch) begin(s shot, response *http.Response) (io.Reader, error) {
	ranged := s.ranged()
	switch {
	case ranged && response.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return nil, f.restart("the other side has no rest of the file")
	case ranged && response.StatusCode == http.StatusPartialContent:
		if problem := f.version.differs(response, f.file.Size()); problem != "" {
			return nil, f.restart(problem)
		}
		return response.Body, nil
	case f.file.Size() > 0: // asked for the rest, the other side sends the whole
		if err := f.file.Reset(); err != nil {
			return nil, err
		}
	}
	f.name = fileName(response.Header.Get("Content-Disposition"), f.download)
	f.progress.name = f.name
	f.version, f.flaw = versionOf(s, response), flawOf(response)
	body, total, err := unpacked(response)
	f.total = total
	if err != nil {
		return nil, f.broken(err)
	}
	return body, nil
}

// flawOf says what is wrong with a reply whose body is not the file.
func flawOf(response *http.Response) string {
	first, last, total, _ := parseContentRange(response.Header.Get("Content-Range"))
	switch encoding := encodingOf(response.Header); {
	case response.StatusCode == http.StatusPartialContent && (first != 0 || last+1 != total):
		return "a part of the file arrived, and the whole was asked for"
	case encoding != "" && encoding != "gzip":
		return fmt.Sprintf("the file arrived in the encoding %q, which was not asked for", clean(encoding, 40))
	}
	return ""
}

// encodingOf is what a body is packed in, empty when it is the file itself.
func encodingOf(header http.Header) string {
	encoding := strings.ToLower(strings.TrimSpace(header.Get("Content-Encoding")))
	switch encoding {
	case "identity", "aws-chunked": // object stores repeat the latter from the upload; the body does not have it
		return ""
	case "x-gzip":
		return "gzip"
	}
	return encoding
}

// unpacked returns the content of a body and its length, negative when that is not known. A gzip, which is not asked for, is
// taken off, because the length and the kind that are checked are those of the file. A body that only claims to be one is
// left as it is.
func unpacked(response *http.Response) (io.Reader, int64, error) {
	if encodingOf(response.Header) != "gzip" {
		return response.Body, response.ContentLength, nil
	}
	buffered := bufio.NewReaderSize(response.Body, copyBuffer)
	magic, _ := buffered.Peek(len(gzipMagic)) // an error comes again when it is read
	if string(magic) != gzipMagic {
		return buffered, response.ContentLength, nil
	}
	packed, err := gzip.NewReader(buffered)
	return packed, -1, err
}

// copy writes the content to the file. Only an error of reading is a broken download.
func (f *fetch) copy(ctx context.Context, s shot, body io.Reader) error {
	buffer := make([]byte, copyBuffer)
	f.progress.report(f.file.Size(), f.total)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if err := f.write(ctx, s, buffer[:n]); err != nil {
				return err
			}
			f.background()
			f.progress.report(f.file.Size(), f.total)
		}
		switch {
		case errors.Is(err, io.EOF) && f.total >= 0 && f.file.Size() != f.total:
			return &brokenError{what: "the connection ended early", got: f.file.Size(), total: f.total, cause: io.ErrUnexpectedEOF}
		case errors.Is(err, io.EOF) && f.flaw != "":
			return &brokenError{what: f.flaw, got: f.file.Size(), total: f.total, final: true}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return f.broken(err)
		}
	}
}

// background tells the client once that a download is long: by its length, or, where that is not known, by what has arrived.
func (f *fetch) background() {
	if !f.long && max(f.total, f.file.Size()) > longDownload {
		f.long = true
		f.call.Background()
	}
}

// broken is the error of a body that cannot be read to its end.
func (f *fetch) broken(err error) error {
	return &brokenError{what: reasonOf(err), got: f.file.Size(), total: f.total, cause: err}
}

func reasonOf(err error) string {
	_, isCorrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "the call was cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "the call ran past its deadline"
	case isCorrupt, errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return "the gzip that the file arrived in is damaged"
	}
	return "the other side " + classify(err).what
}
