package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPause is how often a lock is tried that another process has.
const lockPause = 50 * time.Millisecond

// lockWait bounds the wait for the store's own lock, which is held for milliseconds.
const lockWait = 30 * time.Second

// share keeps files from being removed while one is added, by any host.
func (s *Store) share() (unlock func(), err error) {
	return s.lock((*flock.Flock).TryRLockContext)
}

// exclude keeps files from being added while some are removed, by any host.
func (s *Store) exclude() (unlock func(), err error) {
	return s.lock((*flock.Flock).TryLockContext)
}

func (s *Store) lock(take func(*flock.Flock, context.Context, time.Duration) (bool, error)) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	lock := flock.New(s.folder("artifacts.lock"))
	_, err = take(lock, ctx, lockPause)
	if errors.Is(err, os.ErrNotExist) { // somebody removed the data folder beneath us
		if err = os.MkdirAll(s.dir, 0o700); err == nil {
			_, err = take(lock, ctx, lockPause)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	return func() { _ = lock.Close() }, nil
}

// lockCase takes the lock of one once-only download; nil when another call has it.
func lockCase(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil || !held {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}
