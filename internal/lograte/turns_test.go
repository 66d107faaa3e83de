package lograte_test

import (
	"testing"
	"testing/synctest"
	"time"

	"mcp-server/internal/lograte"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := lograte.New()
		for _, step := range []struct {
			name    string
			after   time.Duration
			lines   int
			written int
			leftOut int // what the first written line tells of
		}{
			{name: "a burst", lines: 20, written: 20},
			{name: "more at once", lines: 5},
			{name: "a second later", after: time.Second, lines: 3, written: 1, leftOut: 5},
			{name: "after a long silence", after: time.Hour, lines: 30, written: 20, leftOut: 2},
			{name: "and again", after: time.Second, lines: 1, written: 1, leftOut: 10},
		} {
			time.Sleep(step.after) // the time of the bubble
			written, leftOut := 0, 0
			for range step.lines {
				if left, ok := turns.Take(); ok {
					written, leftOut = written+1, leftOut+left
				}
			}
			if written != step.written || leftOut != step.leftOut {
				t.Errorf("%s: %d of %d lines written, %d told to be left out; want %d and %d", step.name, written, step.lines, leftOut, step.written, step.leftOut)
			}
		}
	})
}
