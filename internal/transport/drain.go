package transport

import (
	"errors"
	"fmt"
	"time"
)

var errNotReading = errors.New("the client does not read the answers")

// drain lets the calls in flight end within the grace, cancels those that have not, and writes what they answer. A
// client that does not read cannot hold it up.
func (s *pipe) drain(grace time.Duration) error {
	s.peer.calls.stop(listening)
	err := s.await(s.peer.calls.empty(), grace)
	if err == nil {
		s.peer.calls.stop(anyFlight)
		err = s.await(s.peer.calls.empty(), s.t.cfg.Limits.LastAnswers)
	}
	s.peer.calls.stop(anyFlight)
	s.out.close()
	if err == nil {
		err = s.await(s.out.ended, -1)
	}
	return err
}

// await waits until done is closed or the time is over; negative is for ever. It gives up when writing has failed, or
// makes no progress.
func (s *pipe) await(done <-chan struct{}, within time.Duration) error {
	var over <-chan time.Time
	if within >= 0 {
		timer := time.NewTimer(within)
		defer timer.Stop()
		over = timer.C
	}
	pulse := time.NewTicker(s.t.cfg.Limits.LastAnswers)
	defer pulse.Stop()
	wasBusy, before := s.out.busy()
	for {
		select {
		case <-done:
			return s.writeError()
		case <-over:
			return nil
		case <-s.out.failed:
			return s.writeError()
		case <-pulse.C:
			busy, now := s.out.busy()
			if wasBusy && busy && now == before {
				return errNotReading
			}
			wasBusy, before = busy, now
		}
	}
}

func (s *pipe) writeError() error {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if s.out.err != nil {
		return fmt.Errorf("writing to the client: %w", s.out.err)
	}
	return nil
}
