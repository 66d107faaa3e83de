package transport

import (
	"sync/atomic"
	"time"
)

const (
	idleWorkers = 64
	idleTime    = time.Second
)

// workers runs jobs at once, on goroutines that stay a while for the next: growing a new stack costs a small call an
// eighth of its time.
type workers struct {
	jobs chan func()
	idle atomic.Int32
}

// run never waits: the number of jobs is bounded by who calls it.
func (w *workers) run(job func()) {
	select {
	case w.jobs <- job:
	default:
		go w.work(job) // ends when there is nothing to do for a while
	}
}

func (w *workers) work(job func()) {
	rest := time.NewTimer(idleTime)
	defer rest.Stop()
	for {
		job()
		if w.idle.Add(1) > idleWorkers {
			w.idle.Add(-1)
			return
		}
		rest.Reset(idleTime)
		select {
		case job = <-w.jobs:
			w.idle.Add(-1)
		case <-rest.C:
			w.idle.Add(-1)
			return
		}
	}
}
