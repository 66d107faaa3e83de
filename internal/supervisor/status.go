package supervisor

import "time"

// The states of a plugin.
const (
	StateIdle     = "idle"     // no process; the next call starts one
	StateStarting = "starting" // calls wait
	StateRunning  = "running"
	StateBroken   = "broken"  // it failed too often and is not started before RetryAt
	StateRetired  = "retired" // no new calls
)

// Status is what can be said of a plugin at one moment.
type Status struct {
	// State is one of the constants.
	State string `json:"state"`
	// PID is the process id; zero when there is no process.
	PID int `json:"pid,omitempty"`
	// Sandboxed says that the process, or else the last one, is bounded by the launcher.
	Sandboxed bool `json:"sandboxed"`
	// Restarts counts the starts after the first one that succeeded, Crashes the processes that ended by themselves or hung,
	// and Replays the calls that were sent a second time.
	Restarts int `json:"restarts"`
	Crashes  int `json:"crashes"`
	Replays  int `json:"replays"`
	// LastError is why the last start failed or the last process ended; empty when nothing went wrong yet.
	LastError string `json:"last_error,omitempty"`
	// RetryAt is when a broken plugin may be started again.
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Since is when a process last began or ended; zero when there was none.
	Since time.Time `json:"since,omitzero"`
}

// Status reports how the plugin is.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.State = StateIdle
	switch {
	case p.stopped || p.retired:
		s.State = StateRetired
	case p.current != nil:
		s.State = StateRunning
	case p.attempt != nil:
		s.State = StateStarting
	case p.breaker.open():
		s.State, s.RetryAt = StateBroken, p.breaker.until
	}
	if p.current != nil {
		s.PID = p.current.child.pid()
	}
	return s
}
