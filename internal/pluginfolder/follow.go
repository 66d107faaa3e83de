package pluginfolder

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
)

// notifications is what is used of a [fsnotify.Watcher].
type notifications interface {
	Add(folder string) error
	Remove(folder string) error
	WatchList() []string
	Close() error
}

// follower has the system tell of changes in every folder that decides what the plugins are.
type follower struct {
	logger *slog.Logger
	system notifications // nil where there is none
	told   <-chan fsnotify.Event
	lost   <-chan error

	watched map[string]fs.FileInfo // what a folder was when it was added
	wanted  map[string]*names
	// blind says that some folder is not watched.
	blind, warned bool
}

// names are the files of a folder that matter.
type names struct {
	all bool // those that Discover would look at
	set map[string]bool
}

// newFollower goes without the system's help if that cannot be had.
func newFollower(open func() (notifications, error), logger *slog.Logger) *follower {
	f := &follower{logger: logger, watched: map[string]fs.FileInfo{}}
	if open == nil {
		open = func() (notifications, error) { return fsnotify.NewWatcher() }
	}
	system, err := open()
	if err != nil {
		f.warn(err)
		return f
	}
	f.system = system
	if w, ok := system.(*fsnotify.Watcher); ok {
		f.told, f.lost = w.Events, w.Errors
	}
	return f
}

func (f *follower) close() {
	if f.system != nil {
		_ = f.system.Close()
	}
}

// concerns reports whether a change of the file, or of the watched folder, may matter.
func (f *follower) concerns(file string) bool {
	if f.watched[file] != nil {
		return true
	}
	n, base := f.wanted[filepath.Dir(file)], filepath.Base(file)
	return n != nil && (n.set[base] || n.all && !passedOver(base))
}

// follow watches what is to be watched now, and nothing else.
func (f *follower) follow(dir, lock string) {
	if f.system == nil {
		f.blind = true
		return
	}
	f.wanted = wantedFolders(dir, lock)
	f.blind = opensEachFile
	for folder := range f.watched {
		if f.wanted[folder] == nil {
			f.forget(folder)
		}
	}
	alive := f.system.WatchList()
	for folder := range f.wanted {
		info, err := os.Stat(folder)
		if err != nil {
			f.forget(folder) // it went this moment, of which its parent tells
			continue
		}
		if before := f.watched[folder]; before != nil && os.SameFile(before, info) && slices.Contains(alive, folder) {
			continue
		}
		f.forget(folder) // another folder has its name
		if err := f.system.Add(folder); err == nil {
			f.watched[folder] = info
		} else if !errors.Is(err, fs.ErrNotExist) {
			f.blind = true
			f.warn(err)
		}
	}
}

func (f *follower) forget(folder string) {
	if f.watched[folder] != nil {
		_ = f.system.Remove(folder) // the system may have been first
		delete(f.watched, folder)
	}
}

// warn says once that the folder is polled.
func (f *follower) warn(err error) {
	if f.warned {
		return
	}
	f.warned = true
	f.logger.Warn("the system does not tell of all changes of the plugins folder, so it is looked at every few seconds; on Linux, raise fs.inotify.max_user_watches and max_user_instances",
		"error", err)
}
