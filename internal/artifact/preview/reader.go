// Package preview reads what is in a stored file. No archive is trusted: zips and workbooks are read by a child process
// with bounded memory and time, a program of its own that calls [Serve]; whatever happens to the child ends in a statement
// about the file. Text needs no child and is read in place, also in bounds. Nothing here writes to the file or unpacks
// anything that stays. Start reading at [Reader.Preview].
package preview

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"mcp-server/sdk"
)

// Reader reads stored files, each time in a child process of its own. Its methods may be called at the same time; how many
// children run at once is for the caller to limit: each takes up to 512 MiB of memory and a processor.
type Reader struct {
	// Command starts a program that calls [Serve] with the next argument and its standard input and output, such as
	// {"/path/mcp-server-preview"}. The path is absolute: the child starts in its own folder.
	Command []string
	// TempDir is where children spool; each gets a fresh folder in it that is removed afterwards, and writes less than 1 GiB
	// there, of which a workbook of common size takes a few MB. Empty: the system's.
	TempDir string

	bounds bounds
}

// bounds are fields so that tests can shorten them. Zero values mean the defaults.
type bounds struct {
	patience time.Duration // for one Preview or Read
}

const (
	defaultPatience = 10 * time.Second
	memoryText      = "512 MiB"
)

func (b bounds) time() time.Duration {
	if b.patience > 0 {
		return b.patience
	}
	return defaultPatience
}

// Preview says what is in the file, in about 6 KB of JSON, within 10 seconds. It never fails: what is wrong with the
// content, or kept it from being read, stands in Problem. The name only serves to notice a content that is not what the
// name promises. The file's offset is neither used nor moved.
func (r Reader) Preview(ctx context.Context, file *os.File, name string) *sdk.Preview {
	bounded, cancel := context.WithTimeout(ctx, r.bounds.time())
	defer cancel()
	content, form, err := open(file)
	if err != nil {
		return &sdk.Preview{Kind: kindBinary, Summary: "a file that could not be read", Problem: err.Error()}
	}
	var p *sdk.Preview
	switch form.kind {
	case kindText:
		p = previewText(bounded, content, form)
	case kindZip:
		p = r.previewArchive(bounded, file, content.Size())
	default:
		p = previewBinary(content, form)
	}
	if form.kind != kindZip || p.Problem == "" { // a workbook that could not be opened is one all the same
		p.Problem = joined(p.Problem, mismatch(name, p.Kind))
	}
	return p
}

// previewArchive asks a child, and when that fails a second one that only lists the files: most of what kills a child is
// a workbook.
func (r Reader) previewArchive(ctx context.Context, file *os.File, size int64) *sdk.Preview {
	first, cancel := context.WithTimeout(ctx, r.bounds.time()*3/4)
	defer cancel()
	answer, err := r.run(first, file, request{Operation: opPreview})
	if err == nil && answer.Preview != nil {
		return answer.Preview
	}
	if err == nil {
		err = errNonsense
	}
	problem := r.statement(err).Message
	if answer, err := r.run(ctx, file, request{Operation: opPreview, ListOnly: true}); err == nil && answer.Preview != nil {
		answer.Preview.Problem = joined(problem, answer.Preview.Problem)
		return answer.Preview
	}
	return &sdk.Preview{Kind: kindZip, Summary: "zip archive, " + amount(size), Problem: problem}
}

// Read returns one bounded part of the file within 10 seconds; see [Part] for what a part is. The error is an [*sdk.Error]
// that names the argument (entry, sheet, offset, limit) where one is at fault, and the way on. The name appears in errors
// only. The file's offset is neither used nor moved.
func (r Reader) Read(ctx context.Context, file *os.File, name string, s Selection) (Part, error) {
	if err := s.check(); err != nil {
		return Part{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, r.bounds.time())
	defer cancel()
	content, form, err := open(file)
	if err != nil {
		return Part{}, &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Message: shown(name) + " could not be read; " + storedWhole, Cause: err}
	}
	if form.kind != kindZip {
		if err := s.noEntry(form.kind); err != nil {
			return Part{}, err
		}
		part, err := readPlain(bounded, content, form, s)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = errTime
		}
		return part, r.asError(err)
	}
	answer, err := r.run(bounded, file, request{Operation: opRead, Selection: s})
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return Part{}, r.asError(errTime)
	case err != nil:
		return Part{}, r.asError(err)
	case answer.Part == nil:
		return Part{}, r.asError(errNonsense)
	}
	return *answer.Part, nil
}

// Whole returns nil when the file is a zip that is complete: its directory describes all of it from the first byte, and
// every file in it unpacks to the size and checksum that the directory names. Everything is read and nothing kept; a file
// of several GB takes minutes, and only ctx bounds the time. The error is an [*sdk.Error] with the code data_loss when
// the content is not whole, failed_precondition when that cannot be known (encrypted, or packed in a way unknown here), and
// another code when the check did not take place.
func (r Reader) Whole(ctx context.Context, file *os.File) error {
	if _, _, err := open(file); err != nil {
		return &sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Message: "the file could not be read", Cause: err}
	}
	answer, err := r.run(ctx, file, request{Operation: opWhole})
	if err == nil && !answer.Whole {
		err = errNonsense
	}
	return r.asError(err)
}

// open looks at the beginning of the file.
func open(file *os.File) (*io.SectionReader, form, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, form{}, err
	}
	if !info.Mode().IsRegular() {
		return nil, form{}, errors.New("it is not a regular file")
	}
	content := io.NewSectionReader(file, 0, info.Size())
	f, err := detect(content)
	return content, f, err
}
