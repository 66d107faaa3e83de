// Package artifact is the durable store of downloads: content-addressed files with their metadata beside them, adopted
// from the private folders that calls write into.
//
// Layout of the data folder:
//
//	artifacts/<id>/<file name>        the content; id is the first half of its SHA-256 in hexadecimal
//	artifacts/<id>/.<file name>.json  its metadata, an sdk.Artifact
//	staging/<host>/<call>/            a running call's folder; <host>/.lock is held while that host lives
//	partial/<call>-<file name>        what arrived of a download that could not be finished and not be repeated
//
// A file appears under its final name only complete, synced and with a checked size. Start reading at [Store.Adopt].
package artifact

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gofrs/flock"
)

// Store is one host's hold on the data folder. Several hosts may share a folder.
type Store struct {
	dir     string
	staging string // this host's own part of staging
	lock    *flock.Flock
	logger  *slog.Logger
}

// Open creates the folders where they are missing and removes what dead hosts left in staging.
func Open(dir string, logger *slog.Logger) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the data folder: %w", err)
	}
	s := &Store{dir: dir, logger: logger}
	for _, folder := range []string{s.folder("artifacts"), s.folder("staging"), s.folder("partial")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("opening the data folder: %w; choose another with --data-dir", err)
		}
	}
	s.sweep()
	if err := s.claim(); err != nil {
		return nil, fmt.Errorf("opening the data folder: %w; choose another with --data-dir", err)
	}
	return s, nil
}

// claim makes this host's part of staging and locks it. Another host's sweep can take the folder in the moment before
// it is locked, so there is a second try.
func (s *Store) claim() (err error) {
	for range 3 {
		if s.staging, err = os.MkdirTemp(s.folder("staging"), strconv.Itoa(os.Getpid())+"-"); err != nil {
			return err
		}
		s.lock = flock.New(filepath.Join(s.staging, ".lock"))
		held, lockErr := s.lock.TryLock()
		if held {
			return nil
		}
		err = errors.Join(lockErr, s.lock.Close(), os.RemoveAll(s.staging), errors.New("the staging folder is locked by another"))
	}
	return err
}

// Close removes this host's staging folder.
func (s *Store) Close() error {
	return errors.Join(s.lock.Close(), os.RemoveAll(s.staging))
}

// Stage makes the private folder of a call. Release removes it with all that is left in it.
func (s *Store) Stage() (dir string, release func(), err error) {
	dir, err = os.MkdirTemp(s.staging, "call-")
	if err != nil {
		return "", nil, fmt.Errorf("making the call's folder: %w", err)
	}
	return dir, func() {
		if err := os.RemoveAll(dir); err != nil {
			s.logger.Warn("the call's folder was not removed", "err", err)
		}
	}, nil
}

// sweep removes the staging folders whose host is gone: those whose lock is free. A folder that was made this moment has
// no lock file yet and is left to a later sweep.
func (s *Store) sweep() {
	locks, err := filepath.Glob(filepath.Join(s.folder("staging"), "*", ".lock"))
	if err != nil {
		return // only a malformed pattern
	}
	for _, path := range locks {
		lock := flock.New(path)
		if free, err := lock.TryLock(); err != nil || !free {
			continue
		}
		if err := errors.Join(os.RemoveAll(filepath.Dir(path)), lock.Close()); err != nil {
			s.logger.Warn("a dead host's staging folder was not removed", "err", err)
		}
	}
}

func (s *Store) folder(name string) string { return filepath.Join(s.dir, name) }
