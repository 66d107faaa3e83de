package transport

import "sync/atomic"

// flow brings one request's stream to standard output. A request that sends nothing but its response, which is nearly
// every one, needs no goroutine for it.
type flow struct {
	to      *writer
	f       *flight
	claimed atomic.Bool
	poured  chan struct{} // closed when all is written; only if the goroutine was needed
}

func (s *pipe) flow(f *flight) *flow {
	flow := &flow{to: s.out, f: f, poured: make(chan struct{})}
	f.out.begin = func() {
		if flow.claimed.CompareAndSwap(false, true) {
			go flow.pour() // until finish
		}
	}
	return flow
}

func (w *flow) pour() {
	defer close(w.poured)
	for number := 0; ; {
		events, last, done, changed := w.f.out.after(number)
		for _, e := range events {
			w.to.put(e.data, w.f)
		}
		if number = last; done {
			return
		}
		<-changed
	}
}

// finish writes the response after all else, and returns when the writer has it.
func (w *flow) finish(a answer) {
	if !w.claimed.CompareAndSwap(false, true) {
		w.f.out.finish(a)
		<-w.poured
		return
	}
	w.f.out.finish(answer{}) // what comes now is too late
	if a.body != nil {
		w.to.put(a.body, w.f)
	}
}
