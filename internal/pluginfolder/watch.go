package pluginfolder

import (
	"context"
	"log/slog"
	"os"
	"time"
)

// DefaultPoll is a pace that costs nothing and is still a net where the system tells of no changes: on network file systems.
const DefaultPoll = 30 * time.Second

const (
	// quiet is how long a file must be left alone to count as written.
	quiet = 300 * time.Millisecond
	// longestHold is how long what has settled waits for what has not.
	longestHold = 5 * time.Second

	pace     = 100 * time.Millisecond
	slowPace = time.Second     // for what does not settle
	bare     = 2 * time.Second // without the system's help, or without a folder
	never    = 1 << 62
)

// Watcher tells of changes of a plugins folder.
type Watcher struct {
	Dir    string
	Lock   string // path of the lock file, also watched
	Logger *slog.Logger
	// Poll is how often the folder is looked at although the system tells of nothing, see [DefaultPoll]. Zero stands for never.
	Poll time.Duration

	open func() (notifications, error) // for tests; nil opens the system's
}

// Run calls changed, from one goroutine: once when what is there at the start has settled, so that nothing is missed that came since the
// caller looked; after the folder, the lock file, or what links in the folder lead to has changed and the files that changed have been left alone for a moment;
// and at once for every rescan. While one file goes on changing, the others are reported without it; it is not [Settled] then, and is
// reported when it is. Run returns when the context ends.
func (w *Watcher) Run(ctx context.Context, rescan <-chan struct{}, changed func()) {
	f := newFollower(w.open, w.Logger)
	defer f.close()
	known := &gathering{owed: true}
	next := newAlarm()
	defer next.stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case event := <-f.told:
			if f.concerns(event.Name) {
				next.within(pace)
			}
			continue
		case err := <-f.lost:
			w.Logger.Debug("looking at the plugins folder, because notices of changes were lost", "error", err)
			next.within(pace)
			continue
		case _, open := <-rescan:
			if !open {
				rescan = nil
				continue
			}
			asked = true
		case <-next.timer.C:
		}
		f.follow(w.Dir, w.Lock) // first, so that what comes after the look is told
		seen := w.look()
		report, again := known.see(time.Now(), seen, isOpenForWriting)
		if report || asked {
			changed()
		}
		next.set(w.pause(again, f.blind || seen[folderKey] != stamp{}))
	}
}

// pause is how long the next look can wait; zero pending stands for nothing that is waited for.
func (w *Watcher) pause(pending time.Duration, helpless bool) time.Duration {
	pause := time.Duration(never)
	if w.Poll > 0 {
		pause = w.Poll
	}
	if helpless {
		pause = min(pause, bare)
	}
	if pending > 0 {
		pause = min(pause, pending)
	}
	return pause
}

// These are keys of what is no plugin; a file's name has no slash.
const (
	folderKey  = "/folder"
	lockKey    = "/lock"
	problemKey = "/problem/"
)

// look returns what there is to be seen now.
func (w *Watcher) look() map[string]stamp {
	seen := map[string]stamp{}
	found, problems, err := Discover(w.Dir)
	if err != nil {
		seen[folderKey] = stamp{text: err.Error()}
	}
	for _, b := range found {
		seen[b.Name] = stamp{path: b.Path, identity: b.Identity}
	}
	for _, p := range problems {
		seen[problemKey+p.Name] = stamp{text: p.Reason}
	}
	if info, err := os.Stat(w.Lock); err == nil {
		seen[lockKey] = stamp{identity: identityOf(info), text: info.Mode().String()}
	} else if _, missing := os.Lstat(w.Lock); missing == nil {
		seen[lockKey] = stamp{text: reason(err).Error()}
	}
	return seen
}

// alarm is a timer that knows when it rings.
type alarm struct {
	timer *time.Timer
	due   time.Time
}

func newAlarm() *alarm { return &alarm{timer: time.NewTimer(0), due: time.Now()} }

func (a *alarm) set(d time.Duration) {
	a.timer.Reset(d)
	a.due = time.Now().Add(d)
}

// within brings the alarm forward, never back: a storm of events must not put it off.
func (a *alarm) within(d time.Duration) {
	if time.Until(a.due) > d {
		a.set(d)
	}
}

func (a *alarm) stop() { a.timer.Stop() }
