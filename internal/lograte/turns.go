// Package lograte keeps what others bring about from filling the log: a burst of lines is written, then one for each second,
// and the next line says how many were left out. Start reading at [Turns].
package lograte

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Burst is how many lines are written at once; then it is one every second.
const Burst = 20

// Turns bounds how many lines of one kind, or of one plugin, come into the log. It may be used by many goroutines.
type Turns struct {
	mu      sync.Mutex
	limiter *rate.Limiter
	left    int // out of the log since its last line
}

// New returns turns of which none has been taken.
func New() *Turns { return &Turns{limiter: rate.NewLimiter(rate.Every(time.Second), Burst)} }

// Take says whether this line is written, and how many before it were not.
func (t *Turns) Take() (left int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.limiter.Allow() {
		t.left++
		return 0, false
	}
	left, t.left = t.left, 0
	return left, true
}
