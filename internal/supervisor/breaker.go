package supervisor

import "time"

const (
	// tolerated failures in a row are taken for bad luck: the next call starts the plugin at once.
	tolerated    = 2
	firstPause   = time.Second
	longestPause = time.Minute
	// killedPause follows a process that somebody else killed, which says little about the plugin.
	killedPause = 250 * time.Millisecond
)

// breaker decides when a plugin that fails may be started again. A failure is a start that failed, or a process that ended by
// itself without having answered any call.
type breaker struct {
	row    int       // failures since the last answer
	serial int       // those among them that were the plugin's own, since it opened
	until  time.Time // there is no start before
}

// fail notes a failure and reports whether that opened the breaker.
func (b *breaker) fail(now time.Time, killed bool) (opened bool) {
	b.row++
	if b.row <= tolerated {
		return false
	}
	pause := killedPause
	if !killed {
		pause = min(firstPause<<min(b.serial, 10), longestPause)
		b.serial++
	}
	b.until = now.Add(pause)
	return b.row == tolerated+1
}

// succeed forgets all failures.
func (b *breaker) succeed() { *b = breaker{} }

// open reports whether the last failures were too many, also when the time for one trial has come.
func (b *breaker) open() bool { return b.row > tolerated }

// wait returns how long there is no start.
func (b *breaker) wait(now time.Time) time.Duration {
	if !b.open() {
		return 0
	}
	return max(0, b.until.Sub(now))
}
