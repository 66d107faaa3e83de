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

// caseLock is the right to be at one once-only download.
type caseLock struct {
	store *Store
	key   string
	file  *flock.Flock
}

// lockCase takes the lock of one once-only download; nil when another call has it. Within a host it also holds when
// somebody removes the file that the lock is on.
func (s *Store) lockCase(key string) (*caseLock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[key] {
		return nil, nil
	}
	path := filepath.Join(s.folder("once"), key+".lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file := flock.New(path)
	held, err := file.TryLock()
	if err != nil || !held || !isAt(file, path) {
		_ = file.Close()
		return nil, err
	}
	s.held[key] = true
	return &caseLock{store: s, key: key, file: file}, nil
}

// isAt says whether the locked file is still the one that others would lock.
func isAt(file *flock.Flock, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}

func (l *caseLock) Close() {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	delete(l.store.held, l.key)
	_ = l.file.Close()
}
