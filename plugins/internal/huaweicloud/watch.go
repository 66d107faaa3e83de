package huaweicloud

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

var (
	errNoAnswer = errors.New("no answer in time")
	errStalled  = errors.New("no byte in time")
)

// watch ends a request whose reply does not begin, or whose body does not go on while it is read. There is no bound on the whole: a
// download may take as long as bytes come, and the call's deadline is the context's. Nor is there one between two reads: a reader
// that waits for space on the disk is not the other side's fault.
type watch struct {
	cancel context.CancelCauseFunc
	cause  func() error // why the request ended, nil while it goes on
	stall  time.Duration
	timer  *time.Timer
	body   io.ReadCloser
	done   func()
	once   sync.Once
}

func newWatch(ctx context.Context, answer, stall time.Duration, done func()) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{cause: func() error { return context.Cause(ctx) }, cancel: cancel, stall: stall, done: done}
	w.timer = time.AfterFunc(answer, func() { cancel(errNoAnswer) })
	return ctx, w
}

// follow guards the body from now on; it reports false when the time for an answer had passed already.
func (w *watch) follow(body io.ReadCloser) bool {
	w.body = body
	if !w.timer.Stop() {
		return false
	}
	w.timer = time.AfterFunc(w.stall, func() { w.cancel(errStalled) })
	w.timer.Stop()
	return true
}

func (w *watch) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	n, err := w.body.Read(p)
	w.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		if cause := w.cause(); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (w *watch) Close() error {
	var err error
	w.once.Do(func() {
		w.timer.Stop()
		if w.body != nil {
			err = w.body.Close()
		}
		w.cancel(nil)
		w.done()
	})
	return err
}
