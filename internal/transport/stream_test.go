package transport

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

func progressEvent(token string, n int) event {
	return event{kind: eventProgress, topic: token, data: fmt.Appendf(nil, "%s%d", token, n)}
}

// TestFullStreamKeepsWhatMatters writes more than a stream holds while nobody reads.
func TestFullStreamKeepsWhatMatters(t *testing.T) {
	t.Parallel()
	s := newStream()
	for n := range waitingEvents {
		s.push(progressEvent("a", n))
	}
	for n := range 100 {
		s.push(progressEvent("a", waitingEvents+n))
		s.push(event{kind: eventLogged, data: []byte("log")})
	}
	s.push(event{data: []byte("a question")})
	s.finish(answer{body: []byte("the answer")})
	s.push(progressEvent("a", 0)) // too late
	events, last, done, _ := s.after(0)
	if len(events) != waitingEvents+2 || last != len(events) || !done || s.lost() != 100 {
		t.Fatalf("%d events to %d, done %v, lost %d", len(events), last, done, s.lost())
	}
	for i, want := range map[int]string{0: "a0", waitingEvents - 1: fmt.Sprintf("a%d", waitingEvents+99), waitingEvents: "a question", waitingEvents + 1: "the answer"} {
		if got := string(events[i].data); got != want {
			t.Errorf("event %d is %s, want %s", i, got, want)
		}
	}
}

// TestStreamWithoutReaderIsBoundedInBytes has few events, which are large.
func TestStreamWithoutReaderIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	s := newStream()
	for range 100 {
		s.push(event{kind: eventLogged, data: make([]byte, 1<<20)})
	}
	if s.waiting > waitingBytes+1<<20 || s.lost() == 0 {
		t.Errorf("%d bytes wait, %d events were dropped", s.waiting, s.lost())
	}
}

// TestEventLogIsBounded keeps the newest, and always the answer of a stream that runs.
func TestEventLogIsBounded(t *testing.T) {
	t.Parallel()
	var total atomic.Int64
	l := &eventLog{mostEvents: 10, mostBytes: 1000, mostTotal: 1 << 20, total: &total}
	running := l.newStream()
	l.adopt(running)
	running.push(event{data: []byte("question")})
	for range 20 {
		s := l.newStream()
		l.adopt(s)
		s.push(event{data: []byte("a")})
		s.finish(answer{body: []byte("b")})
		s.after(2)
	}
	if l.events > 10 || l.bytes > 1000 || int64(l.bytes) != total.Load() {
		t.Errorf("%d events, %d bytes, %d in all", l.events, l.bytes, total.Load())
	}
	if _, _, found := l.find("2_0"); found {
		t.Error("the oldest stream is kept")
	}
	if s, number, found := l.find("21_1"); !found || number != 1 || len(s.events) != 2 {
		t.Error("the newest stream is not kept")
	}
	running.finish(answer{body: []byte(strings.Repeat("x", 2000))})
	if events, _, done, _ := running.after(0); len(events) != 2 || !done {
		t.Errorf("the running stream has %d events", len(events))
	}
	for _, id := range []string{"", "_", "1", "1_", "1_-1", "1_99", "99_0", "x_1", "1_1_1", "1_99999999999999999999"} {
		if _, _, found := l.find(id); found {
			t.Errorf("found %q", id)
		}
	}
	l.close()
	if total.Load() != 0 {
		t.Errorf("%d bytes are left", total.Load())
	}
}

// TestDiscardedStreamIsSilent has a reader that holds an event which is discarded meanwhile.
func TestDiscardedStreamIsSilent(t *testing.T) {
	t.Parallel()
	s := newStream()
	s.push(event{data: []byte("a")})
	_, last, _, _ := s.after(0)
	s.discard()
	s.push(event{data: []byte("b")})
	s.finish(answer{body: []byte("c")})
	if events, _, done, _ := s.after(last); len(events) != 0 || !done {
		t.Errorf("%d events, done %v", len(events), done)
	}
}
