package transport

import (
	"sync"
)

// What may wait in one stream before progress is coalesced and log messages are dropped.
const (
	waitingEvents = 1024
	waitingBytes  = 8 << 20
)

type eventKind uint8

const (
	eventOther eventKind = iota // a request to the client, a broadcast
	eventProgress
	eventLogged
	eventResponse
)

// event is one encoded message. Events of the same kind and topic may stand for each other: the later one tells more.
type event struct {
	kind  eventKind
	topic string
	data  []byte  // nil for what was taken back
	code  int     // of an error response
	from  *stream // the member that it came by
}

// stream is what goes to a client on behalf of one request, in order, its response last. Writing to it never waits;
// readers follow it from a number on, so that one who comes back is served from where the last one stopped.
type stream struct {
	// id and log are set for a stream that clients can come back to: what it has delivered is kept there.
	id  string
	log *eventLog
	// into is set for a member: what it gets goes there.
	into *stream
	// begin is called once, before the first event.
	begin func()

	mu      sync.Locker // the log's, when there is one
	events  []event
	first   int // the number of events[0]; they count from 1
	sent    int // how many were delivered
	waiting int // bytes not delivered
	dropped int
	done    bool
	mute    bool
	changed chan struct{} // closed at the next change; nil while nobody waits
}

func newStream() *stream {
	return &stream{mu: &sync.Mutex{}, first: 1}
}

// member returns the stream of one request of several that share this one. It can be discarded alone, and is not read.
func (s *stream) member() *stream {
	return &stream{mu: s.mu, first: 1, into: s}
}

// push adds an event, unless the stream has ended or the client has given the request up.
func (s *stream) push(e event) {
	if s.into != nil {
		e.from = s
		s.into.push(e)
		return
	}
	if begin := s.beginning(); begin != nil {
		begin()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done || s.mute || e.from != nil && e.from.mute || s.full() && s.squeeze(e) {
		return
	}
	s.add(e)
}

// drops reports whether a notification need not even be encoded: nobody will get it.
func (s *stream) drops(method string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done || s.mute {
		return true
	}
	if s.into != nil {
		s = s.into // of the same mutex
	}
	if s.done || s.mute {
		return true
	}
	if method == "notifications/message" && s.full() {
		s.dropped++
		return true
	}
	return false
}

func (s *stream) beginning() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := s.begin
	s.begin = nil
	if s.done || s.mute {
		return nil
	}
	return begin
}

func (s *stream) add(e event) {
	s.events = append(s.events, e)
	s.waiting += len(e.data)
	if s.log != nil {
		s.log.added(s, len(e.data))
	}
	s.wake()
}

func (s *stream) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (s *stream) full() bool {
	return s.first+len(s.events)-1-s.sent >= waitingEvents || s.waiting >= waitingBytes
}

// squeeze makes the event stand for one of its topic that still waits, or drops it. A request to the client fits always.
func (s *stream) squeeze(e event) bool {
	if e.kind == eventOther && e.topic == "" {
		return false
	}
	for i := len(s.events) - 1; i >= 0 && s.first+i > s.sent; i-- {
		if old := &s.events[i]; e.topic != "" && old.kind == e.kind && old.topic == e.topic && old.from == e.from {
			s.waiting += len(e.data) - len(old.data)
			if s.log != nil {
				s.log.resized(len(e.data) - len(old.data))
			}
			old.data = e.data
			return true
		}
	}
	s.dropped++
	return true
}

// finish ends the stream with the response, or without one when there is nothing to answer.
func (s *stream) finish(a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	if a.body != nil && !s.mute {
		s.add(event{kind: eventResponse, data: a.body, code: a.code})
	}
	s.done = true
	s.wake()
}

// discard drops what was not delivered, and all that comes.
func (s *stream) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	s.mute = true
	if s.into != nil {
		s.into.takeBack(s)
		return
	}
	keep := max(0, s.sent-s.first+1)
	for _, e := range s.events[keep:] {
		s.waiting -= len(e.data)
		if s.log != nil {
			s.log.removed(len(e.data))
		}
	}
	s.events = s.events[:keep]
	s.wake()
}

// takeBack empties what a member has put here and was not delivered. The events stay, because readers count them. The
// mutex is held.
func (s *stream) takeBack(from *stream) {
	for i := max(0, s.sent-s.first+1); i < len(s.events); i++ {
		e := &s.events[i]
		if e.from != from {
			continue
		}
		s.waiting -= len(e.data)
		if s.log != nil {
			s.log.resized(-len(e.data))
		}
		e.data = nil
	}
}

// after returns the events that come after a number, and marks those up to it as delivered. What it returns is the
// reader's own. Done says that no more will come; otherwise changed is closed when there is more.
func (s *stream) after(number int) (events []event, last int, done bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.sent < number && s.sent-s.first+1 < len(s.events); s.sent++ {
		s.waiting -= len(s.events[s.sent-s.first+1].data)
	}
	if s.log == nil {
		s.forget(s.sent)
	}
	from := min(max(number, s.first-1), s.first-1+len(s.events)) // what was read may have been discarded since
	events = append(events, s.events[from-s.first+1:]...)
	if s.changed == nil && !s.done {
		s.changed = make(chan struct{})
	}
	return events, from + len(events), s.done, s.changed
}

// forget frees the events up to a number.
func (s *stream) forget(number int) {
	n := number - s.first + 1
	if n <= 0 {
		return
	}
	clear(s.events[:n])
	s.events = s.events[n:]
	s.first += n
}

// lost returns how many events were dropped.
func (s *stream) lost() int {
	if s.into != nil {
		return 0 // the shared stream counts
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}
