// Package artifact is the durable store of downloads: content-addressed files with their metadata beside them, adopted
// from the private folders that calls write into.
//
// Layout of the data folder:
//
//	artifacts/<id>/<file name>        the content; id is the first half of its SHA-256 in hexadecimal
//	artifacts/<id>/.<file name>.json  its metadata, an sdk.Artifact
//	staging/host-<pid>-<n>/<call>/    a running call's folder; its host removes it, or the next host if that was killed
//	partial/<call>-<file name>        what arrived of a download that was cut; nothing removes it yet
//
// A file appears under its final name only complete, synced and with a checked size. Start reading at [Store.Adopt].
package artifact

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"mcp-server/internal/hostfolder"
)

const stagingPrefix = "host-"

// Store is one host's hold on the data folder. Several hosts may share a folder.
type Store struct {
	dir     string
	staging *hostfolder.Folder
	logger  *slog.Logger
}

// Open creates the folders where they are missing and removes what dead hosts left in staging.
func Open(dir string, logger *slog.Logger) (*Store, error) {
	if dir == "" {
		return nil, errors.New("there is no home folder to keep downloads in; name a folder with --data-dir")
	}
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
	hostfolder.Sweep(s.folder("staging"), stagingPrefix, s.inherit)
	if s.staging, err = hostfolder.New(s.folder("staging"), stagingPrefix); err != nil {
		return nil, fmt.Errorf("opening the data folder: %w; choose another with --data-dir", err)
	}
	return s, nil
}

// inherit keeps what calls of a host that was killed had received: nobody knows whether it can be fetched again.
func (s *Store) inherit(folder string) {
	calls, err := filepath.Glob(filepath.Join(folder, "call-*"))
	if err != nil {
		return // only a malformed pattern
	}
	for _, call := range calls {
		if kept, err := s.Rescue(call); len(kept) > 0 || err != nil {
			s.logger.Warn("a host was killed during a download; what had arrived is kept", "paths", kept, "err", err)
		}
	}
}

// Close removes this host's staging folder.
func (s *Store) Close() { s.staging.Remove() }

// Stage makes the private folder of a call. Release removes it with all that is left in it.
func (s *Store) Stage() (dir string, release func(), err error) {
	dir, err = os.MkdirTemp(s.staging.Path, "call-")
	if errors.Is(err, os.ErrNotExist) { // somebody removed the data folder beneath us
		if err = os.MkdirAll(s.staging.Path, 0o700); err == nil {
			dir, err = os.MkdirTemp(s.staging.Path, "call-")
		}
	}
	if err != nil {
		return "", nil, fmt.Errorf("making the call's folder: %w; check the disk and the data folder", err)
	}
	return dir, func() {
		if err := os.RemoveAll(dir); err != nil {
			s.logger.Warn("the call's folder was not removed", "err", err)
		}
	}, nil
}

func (s *Store) folder(name string) string { return filepath.Join(s.dir, name) }
