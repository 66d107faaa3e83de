package transport

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"mcp-server/internal/access"
)

// session is one client of streamable HTTP in the revisions with a handshake.
type session struct {
	*peer
	log   eventLog
	leave func() // the board
	ended chan struct{}
	timer *time.Timer

	stateMu sync.Mutex
	using   int // connections
	idle    time.Time
	over    bool
	stream  chan struct{} // closed when another GET takes the session's stream over
}

// sessionTable keeps the sessions, within bounds. A session to which its client has had
// no connection ends after a while, and its calls with it.
type sessionTable struct {
	t      *Transport
	mu     sync.Mutex
	byID   map[string]*session
	counts map[string]int // by caller
	closed bool
}

// open makes a session, which belongs to its caller. It is registered, but broadcasts begin when it is ready. The
// session is in use until release.
func (st *sessionTable) open(ctx context.Context) (*session, error) {
	caller := access.CallerOf(ctx)
	limits := st.t.cfg.Limits
	s := &session{
		peer:  st.t.newPeer(uuid.NewString(), caller),
		log:   eventLog{mostEvents: limits.LogEvents, mostBytes: limits.LogBytes, mostTotal: limits.LogTotalBytes, total: &st.t.logged},
		ended: make(chan struct{}), idle: time.Now(), using: 1,
	}
	if !st.makeRoom(caller.Name) || !st.add(s) {
		return nil, errTooMany
	}
	leave, err := st.t.board.add(s)
	if err != nil {
		st.end(s)
		return nil, err
	}
	s.stateMu.Lock()
	s.leave = leave
	s.timer = time.AfterFunc(limits.SessionTTL, func() { st.expire(s) })
	s.stateMu.Unlock()
	return s, nil
}

func (st *sessionTable) add(s *session) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return false
	}
	if st.byID == nil {
		st.byID, st.counts = map[string]*session{}, map[string]int{}
	}
	st.byID[s.id] = s
	st.counts[s.caller.Name]++
	return true
}

// makeRoom ends the session that has been idle for longest when there are too many: the caller's, or anyone's.
func (st *sessionTable) makeRoom(caller string) bool {
	limits := st.t.cfg.Limits
	st.mu.Lock()
	mine := st.counts[caller] >= limits.SessionsPerCaller
	full := mine || len(st.byID) >= limits.Sessions
	var oldest *session
	var since time.Time
	if full {
		for _, s := range st.byID {
			if mine && s.caller.Name != caller {
				continue
			}
			if idle, at := s.idleSince(); idle && (oldest == nil || at.Before(since)) {
				oldest, since = s, at
			}
		}
	}
	st.mu.Unlock()
	if oldest != nil {
		st.end(oldest)
	}
	return !full || oldest != nil
}

// use returns the session of the caller with the key, which does not go idle before release; nil when there is none.
// Another's is none.
func (st *sessionTable) use(id, key string) *session {
	st.mu.Lock()
	s := st.byID[id]
	st.mu.Unlock()
	if s == nil || s.caller.Key() != key || !s.hold() {
		return nil
	}
	return s
}

func (s *session) hold() bool {
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	if s.over {
		return false
	}
	s.using++
	return true
}

func (s *session) release() {
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	s.using--
	s.idle = time.Now()
}

func (s *session) idleSince() (bool, time.Time) {
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	return s.using == 0 && s.calls.none(), s.idle
}

// expire ends a session that no connection has used for long enough, or looks again when that can have been. Calls that
// its client has left behind do not keep it.
func (st *sessionTable) expire(s *session) {
	ttl := st.t.cfg.Limits.SessionTTL
	s.stateMu.Lock()
	wait := ttl - time.Since(s.idle)
	if s.using > 0 {
		wait = ttl
	}
	if wait > 0 && !s.over {
		s.timer.Reset(wait)
		s.stateMu.Unlock()
		return
	}
	s.stateMu.Unlock()
	st.end(s)
}

// end ends a session: its calls are cancelled, its streams closed.
func (st *sessionTable) end(s *session) {
	s.stateMu.Lock()
	if s.over {
		s.stateMu.Unlock()
		return
	}
	s.over = true
	leave, timer := s.leave, s.timer
	s.stateMu.Unlock()
	st.mu.Lock()
	delete(st.byID, s.id)
	if st.counts[s.caller.Name]--; st.counts[s.caller.Name] <= 0 {
		delete(st.counts, s.caller.Name)
	}
	st.mu.Unlock()
	if timer != nil {
		timer.Stop()
	}
	if leave != nil {
		leave()
	}
	s.calls.close()
	s.asks.abandon()
	close(s.ended)
	s.log.close()
}

// close ends all sessions, and lets none begin.
func (st *sessionTable) close() {
	st.mu.Lock()
	st.closed = true
	all := make([]*session, 0, len(st.byID))
	for _, s := range st.byID {
		all = append(all, s)
	}
	st.mu.Unlock()
	for _, s := range all {
		st.end(s)
	}
}

// abandonAsks ends what waits for the answers of clients. The table is not closed yet, but no request begins.
func (st *sessionTable) abandonAsks() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, s := range st.byID {
		s.asks.abandon()
	}
}

// takeStream makes the caller the reader of the session's notifications; a reader before it is told to go.
func (s *session) takeStream() (replaced <-chan struct{}) {
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	if s.stream != nil {
		close(s.stream)
	}
	s.stream = make(chan struct{})
	return s.stream
}
