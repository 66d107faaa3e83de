package huaweicloud

import (
	"fmt"
)

// progress reports a download by bytes, in steps of a hundredth or 256 KiB. It never falls, even when a download begins again.
type progress struct {
	send func(done, total float64, message string)
	name string

	last, total int64
	sent        bool
}

// say reports something else than bytes: no more of them, and a message.
func (p *progress) say(message string) {
	p.send(float64(p.last), float64(max(p.total, 0)), p.name+": "+message)
}

func (p *progress) report(done, total int64) {
	step := max(total/100, 256<<10)
	final := done == total && done > p.last
	if p.sent && !final && done < p.last+step {
		return
	}
	p.last, p.total, p.sent = done, total, true
	message := fmt.Sprintf("%s: %s", p.name, size(done))
	if total > 0 {
		message += " of " + size(total)
	}
	p.send(float64(done), float64(max(total, 0)), message)
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
