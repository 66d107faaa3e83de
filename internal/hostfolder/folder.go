// Package hostfolder gives a host a private folder that goes when the host goes, however it ends: a lock in it says that
// the host lives, [Sweep] removes the folders of dead hosts, and on Unix a small process that outlives the host removes
// the folder of one that is killed. Start reading at [New].
package hostfolder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	lockName = "lock"
	tries    = 5
	// unlockedFor is how old a folder without a lock must be before it counts as left behind: its host may be between
	// making the folder and locking it, or a cleaner of temporary files may have taken the lock from a living one.
	unlockedFor = 24 * time.Hour
)

// Folder is the private folder of this host.
type Folder struct {
	// Path is absolute. The name "lock" in it is taken.
	Path    string
	lock    *flock.Flock
	remover *remover
}

// New makes a folder with mode 0700 below parent, named by the prefix and the process id, and locks it. A process id alone
// would lie as soon as it is used again, or in another container; the system takes the lock back however the host ends.
func New(parent, prefix string) (*Folder, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, err
	}
	for range tries {
		path, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-", prefix, os.Getpid()))
		if err != nil {
			return nil, err
		}
		if lock := hold(path); lock != nil {
			return &Folder{Path: path, lock: lock}, nil
		}
		_ = os.RemoveAll(path) // a sweeper came between
	}
	return nil, errors.New("it cannot be locked")
}

// hold takes the folder's lock and makes sure that nobody removed the folder in the meantime; nil when it cannot.
func hold(folder string) *flock.Flock {
	lock := flock.New(filepath.Join(folder, lockName))
	if held, err := lock.TryLock(); err != nil || !held {
		_ = lock.Close()
		return nil
	}
	held, err := lock.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Stat(lock.Path()); err == nil && os.SameFile(held, there) {
			return lock
		}
	}
	_ = lock.Close()
	return nil
}

// Remove removes the folder with all that is in it.
func (f *Folder) Remove() {
	_ = f.lock.Close() // first, because Windows removes no open file
	_ = RemoveTree(f.Path)
	f.remover.end()
}

// Leave gives the folder up without removing it: the next Sweep finds it.
func (f *Folder) Leave() {
	_ = f.lock.Close() // held by nobody is all that matters
	f.remover.end()
}

// Sweep removes the folders below parent that hosts left behind which were killed. Folders of living hosts and everything
// else stay. Before a folder is removed it is given to last, unless that is nil, while no other host can sweep it; last
// returns false for a folder that must stay.
func Sweep(parent, prefix string, last func(folder string) bool) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return // New reports a folder that cannot be used
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && strings.HasPrefix(e.Name(), prefix) && ours(info) {
			sweep(filepath.Join(parent, e.Name()), last)
		}
	}
}

func sweep(folder string, last func(folder string) bool) {
	lock := flock.New(filepath.Join(folder, lockName), flock.SetFlag(os.O_RDWR)) // never made by a sweep
	stale, err := lock.TryLock()
	if errors.Is(err, os.ErrNotExist) {
		info, err := os.Lstat(folder)
		stale = err == nil && time.Since(info.ModTime()) > unlockedFor
	}
	if stale && (last == nil || last(folder)) {
		removeLocked(folder, lock)
	}
	_ = lock.Close()
}
