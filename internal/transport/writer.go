package transport

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// writePart is what one write takes: small messages together, a large one in parts, so that a client that reads slowly
// is told from one that does not read at all.
const writePart = 64 << 10

// writer puts messages on standard output, each on a line of its own, from one goroutine. When too much waits, those
// who write wait too.
type writer struct {
	out     io.Writer
	most    int
	scratch []byte // of the goroutine

	mu      sync.Mutex
	room    *sync.Cond
	waiting [][]byte
	bytes   int
	closed  bool
	err     error
	more    chan struct{} // holds one when there is something to do
	failed  chan struct{} // closed with err
	ended   chan struct{} // closed when all was written, or writing has failed
	parts   atomic.Int64  // written so far
}

func newWriter(out io.Writer, most int) *writer {
	w := &writer{out: out, most: most, more: make(chan struct{}, 1), failed: make(chan struct{}), ended: make(chan struct{})}
	w.room = sync.NewCond(&w.mu)
	go w.run() // until close, or until out fails; a write that blocks for ever ends with the process
	return w
}

// put writes a message for the request, unless its client gives it up while it waits; nil is for no request.
func (w *writer) put(data []byte, f *flight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.bytes >= w.most && w.err == nil && !w.closed {
		w.room.Wait()
	}
	if w.err != nil || w.closed || f != nil && f.cancelled.Load() {
		return
	}
	w.waiting = append(w.waiting, data)
	w.bytes += len(data) + 1
	w.signal()
}

// offer writes a message only if there is room at once.
func (w *writer) offer(data []byte) bool {
	w.mu.Lock()
	full := w.bytes >= w.most
	w.mu.Unlock()
	if !full {
		w.put(data, nil)
	}
	return !full
}

func (w *writer) signal() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// close ends the writer once all is written.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.room.Broadcast()
	w.signal()
}

// busy reports whether something waits to be written, and how much was.
func (w *writer) busy() (waiting bool, written int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes > 0, w.parts.Load()
}

func (w *writer) run() {
	defer close(w.ended)
	for range w.more {
		for {
			batch, last := w.take()
			if len(batch) == 0 {
				if last {
					return
				}
				break
			}
			if err := w.write(batch); err != nil {
				w.fail(err)
				return
			}
		}
	}
}

func (w *writer) take() (batch [][]byte, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch, w.waiting = w.waiting, nil
	return batch, w.closed
}

// write joins small messages; a large one is written from where it is.
func (w *writer) write(batch [][]byte) error {
	bytes := 0
	for _, data := range batch {
		if len(data) >= writePart || len(w.scratch)+len(data) >= 2*writePart {
			if err := w.flush(bytes); err != nil {
				return err
			}
			bytes = 0
		}
		if bytes += len(data) + 1; len(data) < writePart {
			w.scratch = append(append(w.scratch, data...), '\n')
			continue
		}
		if err := w.parted(data); err != nil {
			return err
		}
		w.scratch = append(w.scratch, '\n')
	}
	return w.flush(bytes)
}

func (w *writer) flush(bytes int) error {
	err := w.parted(w.scratch)
	w.scratch = w.scratch[:0]
	w.free(bytes)
	return err
}

func (w *writer) parted(data []byte) error {
	for len(data) > 0 {
		n := min(len(data), writePart)
		if _, err := w.out.Write(data[:n]); err != nil {
			return err
		}
		w.parts.Add(1)
		data = data[n:]
	}
	return nil
}

func (w *writer) free(bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes -= bytes
	w.room.Broadcast()
}

func (w *writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(err, io.ErrClosedPipe) {
		err = errors.New("the client has closed its end")
	}
	w.err, w.waiting = err, nil
	w.room.Broadcast()
	close(w.failed)
}
