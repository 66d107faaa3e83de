package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"mcp-server/sdk"
)

const (
	opPreview = "preview"
	opRead    = "read"
	opWhole   = "whole"

	maxMemory  = 512 << 20
	softMemory = 384 << 20 // from here on Go's collector works harder
)

// request is the child's argument.
type request struct {
	Operation string    `json:"operation"`
	ListOnly  bool      `json:"list_only,omitempty"`
	Selection Selection `json:"selection,omitzero"`
}

// reply is what the child writes.
type reply struct {
	Preview *sdk.Preview `json:"preview,omitempty"`
	Part    *Part        `json:"part,omitempty"`
	Whole   bool         `json:"whole,omitempty"`
	Error   *failure     `json:"error,omitempty"`
}

// failure is an [sdk.Error] on its way.
type failure struct {
	Code    sdk.Code   `json:"code"`
	Source  sdk.Source `json:"source"`
	Message string     `json:"message"`
}

// Serve answers one request of a [Reader] in a process of its own: the request is the process's argument, the file its
// standard input, which must be a regular file, and the answer goes to its standard output. Before anything is read the
// process bounds itself: memory, processor time (except for [Reader.Whole]), size and number of open files. Workbooks are
// opened with open.
// An error means that there is no answer; what is wrong with the file is an answer.
func Serve(requested string, file *os.File, out io.Writer, open OpenWorkbook) error {
	var r request
	if err := json.Unmarshal([]byte(requested), &r); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	boundProcess(r.Operation != opWhole)
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the file: %w", err)
	}
	answer, err := worker{tempDir: os.TempDir(), openBook: open}.answer(r, io.NewSectionReader(file, 0, info.Size()))
	if err != nil {
		var known *sdk.Error
		if !errors.As(err, &known) {
			return err
		}
		answer = reply{Error: &failure{known.Code, known.Source, known.Message}}
	}
	return json.NewEncoder(out).Encode(answer)
}

func (w worker) answer(r request, content *io.SectionReader) (reply, error) {
	switch r.Operation {
	case opPreview:
		return reply{Preview: w.previewArchive(content, r.ListOnly)}, nil
	case opRead:
		part, err := w.read(context.Background(), content, r.Selection) // the parent ends this process when it takes too long
		return reply{Part: &part}, err
	case opWhole:
		return reply{Whole: true}, whole(content)
	}
	return reply{}, fmt.Errorf("the request has an unknown operation %q", r.Operation)
}

// boundProcess bounds what this process may use from here on.
func boundProcess(time bool) {
	debug.SetMemoryLimit(softMemory)
	boundResources(time)
}
