package supervisor

import (
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	const own, killed = false, true
	for name, test := range map[string]struct {
		failures []bool // killed by others
		wait     time.Duration
	}{
		"none":                      {},
		"first":                     {[]bool{own}, 0},
		"second":                    {[]bool{own, own}, 0},
		"third":                     {[]bool{own, own, own}, time.Second},
		"fourth":                    {[]bool{own, own, own, own}, 2 * time.Second},
		"eighth":                    {[]bool{own, own, own, own, own, own, own, own}, 32 * time.Second},
		"many":                      {make([]bool, 1000), time.Minute},
		"killed":                    {[]bool{killed, killed, killed}, killedPause},
		"killed often":              {[]bool{killed, killed, killed, killed, killed, killed}, killedPause},
		"one's own among the kills": {[]bool{killed, killed, killed, killed, own}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b breaker
			now, opened := time.Now(), 0
			for _, by := range test.failures {
				if b.fail(now, by) {
					opened++
				}
			}
			if got := b.wait(now); got != test.wait {
				t.Errorf("the wait is %s; want %s", got, test.wait)
			}
			if want := len(test.failures) > tolerated; b.open() != want || (opened == 1) != want {
				t.Errorf("open is %t, told %d times; want %t", b.open(), opened, want)
			}
			if b.wait(now.Add(test.wait)) != 0 {
				t.Error("there is no trial after the wait")
			}
			b.succeed()
			if b.open() || b.wait(now) != 0 {
				t.Error("it is open after an answer")
			}
		})
	}
}
