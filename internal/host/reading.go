package host

import (
	"context"
	"encoding/json"
	"os"

	"mcp-server/internal/artifact"
	"mcp-server/internal/artifact/preview"
	"mcp-server/sdk"
)

const (
	// maxReaders is how many stored files are read at a time: each takes a process of its own.
	maxReaders = 4
	// maxPreviewBytes is what the previews of one result may take together; the others are one line each.
	maxPreviewBytes = 24 << 10
)

// reading looks into stored files, a few at a time.
type reading struct {
	reader preview.Reader
	slots  chan struct{}
}

func newReading(command []string, tempDir string) *reading {
	return &reading{reader: preview.Reader{Command: command, TempDir: tempDir}, slots: make(chan struct{}, maxReaders)}
}

// wholeBy tells whether an archive is complete, for the store.
func wholeBy(command []string) func(ctx context.Context, tempDir string, file *os.File) error {
	return func(ctx context.Context, tempDir string, file *os.File) error {
		return preview.Reader{Command: command, TempDir: tempDir}.Whole(ctx, file)
	}
}

func (r *reading) enter(ctx context.Context) (leave func(), err error) {
	select {
	case r.slots <- struct{}{}:
		return func() { <-r.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *reading) read(ctx context.Context, file *os.File, name string, s preview.Selection) (preview.Part, error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return preview.Part{}, err
	}
	defer leave()
	return r.reader.Read(ctx, file, name, s)
}

func (r *reading) preview(ctx context.Context, file *os.File, name string) *sdk.Preview {
	leave, err := r.enter(ctx)
	if err != nil {
		return nil
	}
	defer leave()
	return r.reader.Preview(ctx, file, name)
}

// previewOf makes the readable face of a stored file; nil when it cannot be opened. A result of many files shows the first
// ones, and says of the others what they are.
func (c *call) previewOf(ctx context.Context, r artifact.Record) *sdk.Preview {
	file, err := c.tenant.store.Content(r)
	if err != nil {
		c.logger.Warn("a stored file has no preview", "uri", r.URI, "err", err)
		return nil
	}
	defer func() { _ = file.Close() }() // only read
	p := c.tenant.reading.preview(ctx, file, r.Name)
	encoded, err := json.Marshal(p)
	if err != nil || p == nil {
		return nil
	}
	if c.previewed += len(encoded); c.previewed > maxPreviewBytes {
		return &sdk.Preview{Kind: p.Kind, Summary: p.Summary, Truncated: true, Problem: p.Problem}
	}
	return p
}
