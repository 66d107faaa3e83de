package pluginfolder

import (
	"maps"
	"time"
)

// stamp is what a look sees of one thing. The zero value stands for nothing there.
type stamp struct {
	path     string // of a binary
	identity Identity
	text     string
}

// gathering compares looks at a folder with what has been reported, and waits for what changes to settle.
type gathering struct {
	owed     bool // a report even of nothing
	reported map[string]stamp
	pending  map[string]waiting

	since time.Time // something has been pending
	ripe  time.Time // something of it has been settled
}

// waiting is a thing that differs from what was reported.
type waiting struct {
	stamp
	since time.Time // it looks like this
}

// see takes a look's result. It says whether to report, and when to look again; zero if nothing is pending. Whether a file is open for
// writing is asked only of files that look settled.
func (g *gathering) see(now time.Time, seen map[string]stamp, open func(path string) bool) (report bool, again time.Duration) {
	g.compare(now, seen)
	if len(g.pending) == 0 && !g.owed {
		g.since, g.ripe = time.Time{}, time.Time{}
		return false, 0
	}
	settled := map[string]stamp{}
	for name, w := range g.pending {
		if now.Sub(w.since) >= quiet && (w.path == "" || !open(w.path)) {
			settled[name] = w.stamp
		}
	}
	g.since, g.ripe = first(g.since, now), first(g.ripe, now)
	if len(settled) == 0 {
		g.ripe = time.Time{}
	}
	if len(settled) < len(g.pending) && (len(settled) == 0 || now.Sub(g.ripe) < longestHold) {
		return false, g.pace(now)
	}
	g.report(settled)
	if len(g.pending) == 0 {
		g.since = time.Time{}
		return true, 0
	}
	return true, g.pace(now)
}

// compare finds what is pending, and since when.
func (g *gathering) compare(now time.Time, seen map[string]stamp) {
	all := maps.Clone(seen)
	for name := range g.reported {
		all[name] = seen[name]
	}
	before := g.pending
	g.pending = map[string]waiting{}
	for name, s := range all {
		if s == g.reported[name] {
			continue
		}
		w, ok := before[name]
		if !ok || w.stamp != s {
			w = waiting{stamp: s, since: now}
		}
		g.pending[name] = w
	}
}

func (g *gathering) report(settled map[string]stamp) {
	if g.reported == nil {
		g.reported = map[string]stamp{}
	}
	for name, s := range settled {
		delete(g.pending, name)
		if s == (stamp{}) {
			delete(g.reported, name)
		} else {
			g.reported[name] = s
		}
	}
	g.owed, g.ripe = false, time.Time{}
}

// pace is slower for what has not settled in a while.
func (g *gathering) pace(now time.Time) time.Duration {
	if now.Sub(g.since) > longestHold {
		return slowPace
	}
	return pace
}

func first(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}
