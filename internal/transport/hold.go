package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
)

// valueBytes is what one name or value of a message takes, beside its bytes, once it is decoded.
const valueBytes = 128

var errNoMemory = errors.New("the messages in flight take too much memory")

// hold is the part of the memory for messages that one HTTP request takes, until its last user lets go.
type hold struct {
	from   *memory
	caller string
	taken  int64
	users  atomic.Int32
}

func newHold(from *memory, caller string) *hold {
	h := &hold{from: from, caller: caller}
	h.keep()
	return h
}

func (h *hold) take(bytes int64) error {
	if !h.from.take(h.caller, bytes) {
		return errNoMemory
	}
	h.taken += bytes
	return nil
}

func (h *hold) keep() { h.users.Add(1) }

func (h *hold) release() {
	if h.users.Add(-1) == 0 {
		h.from.give(h.caller, h.taken)
	}
}

// read takes a body in, and what decoding it takes. The memory is taken as bytes arrive: what a client announces and
// does not send keeps nobody out.
func (h *hold) read(body io.Reader, announced int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(announced, 0), 64<<10)) + bytes.MinRead)
	if _, err := b.ReadFrom(heldReader{body, h}); err != nil {
		return nil, err
	}
	// Past the bound of one message nothing more is decoded.
	return b.Bytes(), h.take(valueBytes * int64(min(countValues(b.Bytes()), maxValues)))
}

type heldReader struct {
	io.Reader
	h *hold
}

func (r heldReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		if full := r.h.take(int64(n)); full != nil {
			return n, full
		}
	}
	return n, err
}

// readBody returns the message in a request, or answers why there is none.
func (t *Transport) readBody(w http.ResponseWriter, r *http.Request, h *hold) ([]byte, bool) {
	most := t.cfg.Limits.BodyBytes
	body, err := h.read(http.MaxBytesReader(w, r.Body, most), r.ContentLength)
	if err == nil {
		return body, true
	}
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		httpError(w, http.StatusRequestEntityTooLarge, nil, refuse(mcp.INVALID_REQUEST,
			fmt.Sprintf("the message has more than %d bytes; send less at once", most)))
	case errors.Is(err, errNoMemory):
		w.Header().Set("Connection", "close") // the rest of the body is not waited for
		unavailable(w, nil, "the messages in flight take too much memory; try again in a moment")
	default:
		httpError(w, http.StatusBadRequest, nil, refuse(mcp.PARSE_ERROR, "the message did not arrive whole"))
	}
	return nil, false
}
