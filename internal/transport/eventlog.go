package transport

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// eventLog keeps the streams of one HTTP session whose clients may come back for the rest with Last-Event-ID. It is
// bounded: the oldest streams that have ended go first, then what the oldest have delivered. The mutex is that of all
// its streams.
type eventLog struct {
	mostEvents, mostBytes int
	mostTotal             int64
	total                 *atomic.Int64 // bytes of all sessions

	mu            sync.Mutex
	streams       []*stream // the oldest first
	serial        int
	events, bytes int
	closed        bool
}

// newStream returns a stream that the log will keep once adopt is called.
func (l *eventLog) newStream() *stream {
	s := newStream()
	s.mu = &l.mu
	return s
}

// adopt begins to keep a stream, with what it holds; its id is set from now on.
func (l *eventLog) adopt(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.log != nil || l.closed {
		return
	}
	l.serial++
	s.id, s.log = strconv.Itoa(l.serial), l
	l.streams = append(l.streams, s)
	for _, e := range s.events {
		l.added(s, len(e.data))
	}
}

// find returns the stream and the number that an event id names. Events after it may have been trimmed.
func (l *eventLog) find(eventID string) (s *stream, number int, found bool) {
	id, digits, ok := strings.Cut(eventID, "_")
	number, err := strconv.Atoi(digits)
	if !ok || err != nil || number < 0 {
		return nil, 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.streams, func(s *stream) bool { return s.id == id })
	if at < 0 || number > l.streams[at].first+len(l.streams[at].events)-1 {
		return nil, 0, false
	}
	return l.streams[at], number, true
}

// added accounts for an event of the stream, and makes room. The mutex is held.
func (l *eventLog) added(by *stream, bytes int) {
	l.events++
	l.resized(bytes)
	for i := 0; l.over() && i < len(l.streams); {
		if s := l.streams[i]; s == by || !s.done {
			i++
			continue
		}
		l.drop(i)
	}
	for _, s := range l.streams {
		if !l.over() {
			return
		}
		l.trim(s)
	}
}

func (l *eventLog) over() bool {
	return l.events > l.mostEvents || l.bytes > l.mostBytes || l.total.Load() > l.mostTotal
}

func (l *eventLog) drop(at int) {
	for _, e := range l.streams[at].events {
		l.removed(len(e.data))
	}
	l.streams[at].log = nil // who reads it now reads to its end
	l.streams = slices.Delete(l.streams, at, at+1)
}

// trim forgets what was delivered.
func (l *eventLog) trim(s *stream) {
	delivered := max(0, s.sent-s.first+1)
	for _, e := range s.events[:delivered] {
		l.removed(len(e.data))
	}
	s.forget(s.sent)
}

func (l *eventLog) removed(bytes int) {
	l.events--
	l.resized(-bytes)
}

func (l *eventLog) resized(by int) {
	l.bytes += by
	l.total.Add(int64(by))
}

// close forgets everything; its streams may still be read to their end.
func (l *eventLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total.Add(-int64(l.bytes))
	l.closed = true
	for _, s := range l.streams {
		s.log = nil
	}
	l.streams, l.bytes = nil, 0
}
