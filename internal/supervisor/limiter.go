package supervisor

import "time"

const (
	linesPerSecond = 200
	lineBurst      = 500
)

// limiter is a token bucket for log lines. The zero value is full.
type limiter struct {
	used    float64
	last    time.Time
	dropped int
	told    time.Time
}

// allow reports whether one more line may be logged at this time, and counts it otherwise.
func (l *limiter) allow(now time.Time) bool {
	l.used = max(0, l.used-now.Sub(l.last).Seconds()*linesPerSecond)
	l.last = now
	if l.used+1 > lineBurst {
		l.dropped++
		return false
	}
	l.used++
	return true
}

// takeDropped returns how many lines were dropped since it was last told, at most once a second; zero says nothing new.
func (l *limiter) takeDropped(now time.Time) int {
	if l.dropped == 0 || now.Sub(l.told) < time.Second {
		return 0
	}
	n := l.dropped
	l.dropped, l.told = 0, now
	return n
}
