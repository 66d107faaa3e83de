package pluginfolder

import (
	"testing"
	"time"
)

// TestGathering plays looks at a folder by a clock of its own.
func TestGathering(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	type look struct {
		at     time.Duration
		seen   string // a letter a thing; its case is its content
		busy   string // those open for writing
		report bool
		again  time.Duration
	}
	for name, looks := range map[string][]look{
		"nothing is reported once at the start":   {{0, "", "", true, 0}, {time.Second, "", "", false, 0}},
		"the start settles":                       {{0, "a", "", false, pace}, {300 * ms, "a", "", true, 0}, {400 * ms, "a", "", false, 0}},
		"a change settles":                        {{0, "", "", true, 0}, {1000 * ms, "a", "", false, pace}, {1100 * ms, "A", "", false, pace}, {1300 * ms, "A", "", false, pace}, {1400 * ms, "A", "", true, 0}},
		"a removal settles":                       {{0, "a", "", false, pace}, {300 * ms, "a", "", true, 0}, {400 * ms, "", "", false, pace}, {700 * ms, "", "", true, 0}, {800 * ms, "", "", false, 0}},
		"what comes and goes is nothing":          {{0, "", "", true, 0}, {100 * ms, "a", "", false, pace}, {200 * ms, "", "", false, 0}},
		"one that is written holds the others up": {{0, "", "", true, 0}, {1000 * ms, "ab", "a", false, pace}, {1300 * ms, "ab", "a", false, pace}, {2000 * ms, "ab", "", true, 0}},
		"but not for long": {{0, "", "", true, 0}, {1000 * ms, "ab", "a", false, pace}, {1300 * ms, "ab", "a", false, pace},
			{6200 * ms, "ab", "a", false, slowPace}, {6300 * ms, "ab", "a", true, slowPace}, {9000 * ms, "ab", "a", false, slowPace}, {9500 * ms, "ab", "", true, 0}},
		"nor one that changes all the time": {{0, "", "", true, 0}, {1000 * ms, "ab", "", false, pace}, {1300 * ms, "Ab", "", false, pace}, {4000 * ms, "ab", "", false, pace},
			{6300 * ms, "Ab", "", true, slowPace}, {6400 * ms, "ab", "", false, slowPace}, {6700 * ms, "ab", "", true, 0}},
		"alone it is not reported": {{0, "", "", true, 0}, {1000 * ms, "a", "a", false, pace}, {60000 * ms, "a", "a", false, slowPace}, {61000 * ms, "a", "", true, 0}},
	} {
		g, start := gathering{owed: true}, time.Now()
		for i, l := range looks {
			seen, busy := map[string]stamp{}, map[string]bool{}
			for _, letter := range l.seen {
				name := string(letter | 0x20)
				seen[name] = stamp{path: name, text: string(letter)}
			}
			for _, letter := range l.busy {
				busy[string(letter)] = true
			}
			report, again := g.see(start.Add(l.at), seen, func(path string) bool { return busy[path] })
			if report != l.report || again != l.again {
				t.Errorf("%s: look %d gives %v, %v; want %v, %v", name, i, report, again, l.report, l.again)
			}
		}
	}
}
