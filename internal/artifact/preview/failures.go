package preview

import (
	"archive/zip"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"

	"mcp-server/sdk"
)

const storedWhole = "the file itself is stored whole"

var (
	errMemory   = errors.New("the memory was used up")
	errTime     = errors.New("the time was used up")
	errNonsense = errors.New("the reading process gave no usable answer")

	errNoProgram = locked("archives and workbooks cannot be read here, because mcp-server-preview is not beside mcp-server; " + storedWhole)

	errCut    = damaged("the zip is damaged: it has no directory at its end, so it is probably cut off")
	errShrunk = damaged("the file became shorter while it was read")
)

// damaged is content that is not what it should be.
func damaged(format string, args ...any) *sdk.Error {
	return &sdk.Error{Code: sdk.CodeDataLoss, Source: sdk.SourceArgument, Message: fmt.Sprintf(format, args...)}
}

// tooBig is content that is not read because of its size.
func tooBig(format string, args ...any) *sdk.Error {
	return &sdk.Error{Code: sdk.CodeResourceExhausted, Source: sdk.SourceArgument, Message: fmt.Sprintf(format, args...)}
}

// locked is content that cannot be known here.
func locked(format string, args ...any) *sdk.Error {
	return &sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourceArgument, Message: fmt.Sprintf(format, args...)}
}

// statement says what an attempt to read a file came to, for users.
func (r Reader) statement(err error) *sdk.Error {
	e := &sdk.Error{Code: sdk.CodeResourceExhausted, Source: sdk.SourceArgument, Cause: err}
	var known *sdk.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, errMemory):
		e.Message = "the content could not be read within " + memoryText + " of memory; it may be a decompression bomb; " + storedWhole
	case errors.Is(err, errTime), errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("the content could not be read within %v; it is very large or a decompression bomb; %s", r.bounds.time(), storedWhole)
	case errors.Is(err, context.Canceled):
		return sdk.AsError(err)
	default:
		e.Code, e.Source, e.Message = sdk.CodeInternal, sdk.SourceHost, "the content could not be read; "+storedWhole
	}
	return e
}

// asError is [Reader.statement] for errors that are returned: a context's end keeps its meaning, and there is a way on.
func (r Reader) asError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return sdk.AsError(err)
	}
	e := r.statement(err)
	if errors.Is(err, errMemory) || errors.Is(err, errTime) {
		e.Message += "; name an entry to read a file of it alone, or open it at the artifact's path"
	}
	return e
}

// explained puts what the libraries say of damaged content in words for users. Other errors are returned as they are.
func explained(what string, err error) error {
	var known *sdk.Error
	var corrupt flate.CorruptInputError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, zip.ErrChecksum):
		return damaged("%s is damaged: its checksum is wrong", what)
	case errors.Is(err, zip.ErrAlgorithm):
		return locked("%s is packed in a way that cannot be read here; unpack it with another tool", what)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return damaged("%s is damaged: it ends too early", what)
	case errors.Is(err, zip.ErrFormat), errors.As(err, &corrupt):
		return damaged("%s is damaged", what)
	}
	return fmt.Errorf("reading %s: %w", what, err)
}
