package huaweicloud

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// slowBody sends one byte after each pause.
type slowBody struct{ pauses []time.Duration }

func (b *slowBody) Read(p []byte) (int, error) {
	if len(b.pauses) == 0 {
		return 0, io.EOF
	}
	<-time.After(b.pauses[0]) // on the bubble's clock
	b.pauses = b.pauses[1:]
	return copy(p, "x"), nil
}

func (b *slowBody) Close() error { return nil }

// TestWatch bounds the silence while a byte is waited for, and neither the length of the whole nor the reader's rests.
func TestWatch(t *testing.T) {
	t.Parallel()
	const stall = time.Minute
	for name, test := range map[string]struct {
		before  time.Duration // until the reply begins
		pauses  []time.Duration
		stalled bool
	}{
		"slow, but steady": {19 * time.Second, []time.Duration{50 * time.Second, 50 * time.Second, 50 * time.Second}, false},
		"silent":           {0, []time.Duration{time.Second, 61 * time.Second}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := newWatch(t.Context(), 20*time.Second, stall, func() {})
			<-time.After(test.before)
			if !w.follow(&slowBody{pauses: test.pauses}) {
				t.Fatalf("%s: the answer came too late", name)
			}
			if _, err := io.ReadAll(w); err != nil {
				t.Fatal(err)
			}
			if stalled := ctx.Err() != nil; stalled != test.stalled {
				t.Errorf("%s: stalled is %t", name, stalled)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, w := newWatch(t.Context(), 20*time.Second, stall, func() {})
		if !w.follow(&slowBody{pauses: []time.Duration{time.Second, time.Second}}) {
			t.Fatal("the answer came too late")
		}
		for range 2 {
			<-time.After(10 * stall) // the reader waits for a full disk
			if n, err := w.Read(make([]byte, 1)); n != 1 || err != nil || ctx.Err() != nil {
				t.Errorf("read %d bytes after a rest, %v, %v", n, err, context.Cause(ctx))
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		_, w := newWatch(t.Context(), 20*time.Second, stall, func() {})
		<-time.After(21 * time.Second)
		if w.follow(&slowBody{}) {
			t.Error("an answer after the time is taken")
		}
		if err := w.Close(); err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}
