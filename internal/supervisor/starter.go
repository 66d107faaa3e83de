package supervisor

import (
	"errors"
	"runtime"
)

var errClosed = errors.New("the supervisor is closed")

// starter starts all processes from one operating system thread that lives as long as the supervisor. Linux sends a
// child its parent-death signal when the thread that started it ends, and Go ends threads as it sees fit
// (golang.org/issue/27505).
type starter struct {
	jobs  chan func()
	quit  chan struct{}
	ended chan struct{}
}

func newStarter() *starter {
	s := &starter{jobs: make(chan func()), quit: make(chan struct{}), ended: make(chan struct{})}
	go s.serve() // ends with close
	return s
}

func (s *starter) serve() {
	runtime.LockOSThread()
	defer close(s.ended)
	for {
		select {
		case job := <-s.jobs:
			job()
		case <-s.quit:
			return // still locked, so the thread ends too, and with it every process that it started
		}
	}
}

// do runs the job on the starter's thread and returns when it is done.
func (s *starter) do(job func()) error {
	done := make(chan struct{})
	select {
	case s.jobs <- func() { defer close(done); job() }:
		<-done
		return nil
	case <-s.quit:
		return errClosed
	}
}

func (s *starter) close() {
	close(s.quit)
	<-s.ended
}
