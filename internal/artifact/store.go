// Package artifact is the durable store of downloads: content-addressed files with their metadata beside them, adopted
// from the private folders that calls write into, and the journal of what can be downloaded only once.
//
// Layout of the data folder, which several hosts may share:
//
//	artifacts/<id>/<file name>        the content; id is the first half of its SHA-256 in hexadecimal
//	artifacts/<id>/.<file name>.json  its metadata, a [Record]
//	artifacts.lock                    shared by who adds a file, exclusive to who removes one
//	once/<key>.jsonl                  the journal of one once-only download, see [Case]; key is a hash of what it is
//	once/<key>.lock                   held while a call is after it
//	partial/<call>-<file name>        what arrived of a once-only download that was cut
//	callers/<hash>/<hash>             a caller, and a URI that it may see; empty files, see [Store.Grant]
//	staging/host-<pid>-<n>/of-<plugin>/<call>/
//	                                  a running call's folder, in the one of its plugin, which cannot write to another's; its host
//	                                  removes it, or the next host if that was killed; <call>.once-only beside it says that it has a claim
//	damaged/<id>/<file name>          what Check has moved out of artifacts, because its checksum or metadata is wrong; no
//	                                  host looks there, and what was moved out can be downloaded again to its old name
//
// A file appears under its final name only complete, synced and with a checked size. Start reading at [Store.Adopt], then
// at [Store.Claim]; [Store.Prune] and [Store.Check] look after what is there.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"mcp-server/internal/hostfolder"
)

const (
	stagingPrefix = "host-"
	pluginPrefix  = "of-"
	callPrefix    = "call-"
	// claimMark ends the name of the file beside a call's folder that says: what is there cannot be fetched again, and has
	// this name.
	claimMark = ".once-only"
)

// Config says where a store is and what it needs of its host.
type Config struct {
	// Dir is the data folder.
	Dir string
	// Logger gets what the store does by itself.
	Logger *slog.Logger
	// Whole checks that a file is a complete archive, with a folder for passing files; nil means that this cannot be told.
	Whole func(ctx context.Context, tempDir string, file *os.File) error
	// MinFree is how many bytes must be free on the disk before a once-only download begins.
	MinFree uint64
	// Retention bounds what is kept. The store goes by it in the background.
	Retention Retention
	// NoUpkeep leaves the work in the background, concluding and removing, to the servers that share the folder: the store
	// is opened only to look at it.
	NoUpkeep bool
}

// Store is one host's hold on the data folder. Several hosts may share a folder.
type Store struct {
	cfg     Config
	dir     string
	staging *hostfolder.Folder
	logger  *slog.Logger
	stop    context.CancelFunc
	work    sync.WaitGroup
	mu      sync.Mutex
	held    map[string]bool // the cases that calls of this host are at, by key
	grown   chan struct{}   // has room for one: something was stored
}

// Open creates the folders where they are missing, takes over what dead hosts left in staging, concludes their
// once-only downloads in the background, and keeps to the retention there.
func Open(cfg Config) (*Store, error) {
	if cfg.Dir == "" {
		return nil, errors.New("there is no home folder to keep downloads in; name a folder with --data-dir")
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the data folder: %w", err)
	}
	s := &Store{cfg: cfg, dir: dir, logger: cfg.Logger, held: map[string]bool{}, grown: make(chan struct{}, 1)}
	if err := s.makeFolders(); err != nil {
		return nil, fmt.Errorf("opening the data folder: %w; choose another with --data-dir", err)
	}
	ctx, stop := context.WithCancel(context.Background()) // Close ends it
	s.stop = stop
	if !cfg.NoUpkeep {
		s.work.Go(func() { s.ConcludeAll(ctx) })
		s.work.Go(func() { s.retain(ctx) })
	}
	return s, nil
}

// makeFolders takes over what dead hosts left in staging and makes the folders. What cannot be written can be looked at.
func (s *Store) makeFolders() (err error) {
	for _, folder := range []string{"artifacts", "staging", "partial", "once"} {
		if err := os.MkdirAll(s.folder(folder), 0o700); err != nil && !s.cfg.NoUpkeep {
			return err
		}
	}
	s.sweep()
	s.staging, err = hostfolder.New(s.folder("staging"), stagingPrefix)
	if err != nil && s.cfg.NoUpkeep {
		s.staging, err = hostfolder.New(os.TempDir(), "mcp-server-")
	}
	return err
}

// sweep takes over the staging folders of dead hosts: what cannot be fetched again is kept, the rest goes.
func (s *Store) sweep() { hostfolder.Sweep(s.folder("staging"), stagingPrefix, s.inherit) }

// inherit keeps what calls with a claim left in a host's folder, and says whether the folder may go.
func (s *Store) inherit(folder string) bool {
	safe := true
	for _, mark := range s.glob("staging/" + filepath.Base(folder) + "/" + pluginPrefix + "*/" + callPrefix + "*" + claimMark) {
		kept, err := s.rescue(strings.TrimSuffix(mark, claimMark))
		switch {
		case err != nil:
			s.logger.Error("what arrived of a once-only download stays in the call's folder, because it cannot be kept", "folder", folder, "err", err)
			safe = false
		case len(kept) > 0:
			s.logger.Warn("a once-only download was cut; what had arrived is kept", "paths", kept)
		}
	}
	return safe
}

// Close ends the work in the background and removes this host's staging folder, unless a call has left in it what can be
// neither fetched again nor kept elsewhere.
func (s *Store) Close() {
	s.stop()
	s.work.Wait()
	if s.inherit(s.staging.Path) {
		s.staging.Remove()
	} else {
		s.staging.Leave()
	}
}

// Stage makes the private folder of a call of a plugin. Release removes it with all that is left in it, after keeping what cannot
// be fetched again.
func (s *Store) Stage(plugin, call string) (dir string, release func(), err error) {
	dir = filepath.Join(s.StagingOf(plugin), callPrefix+call)
	err = os.Mkdir(dir, 0o700)
	if errors.Is(err, os.ErrNotExist) { // the plugin's first call, or somebody removed the data folder beneath us
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", nil, fmt.Errorf("making the call's folder: %w; check the disk and the data folder", err)
	}
	return dir, func() { s.release(dir) }, nil
}

// StagingOf is the folder of all calls of a plugin; it need not be there.
func (s *Store) StagingOf(plugin string) string {
	return filepath.Join(s.staging.Path, pluginPrefix+filepath.Base(plugin))
}

func (s *Store) release(dir string) {
	if _, err := os.Lstat(dir + claimMark); err == nil {
		if _, err := s.rescue(dir); err != nil {
			s.logger.Error("what arrived of a once-only download stays in the call's folder, because it cannot be kept", "folder", dir, "err", err)
			return
		}
	}
	if err := hostfolder.RemoveTree(dir); err != nil {
		s.logger.Warn("the call's folder was not removed", "err", err)
	}
	_ = os.Remove(dir + claimMark) // not there for most calls
}

// TempDir is a folder for the host's own passing files; it goes with the host.
func (s *Store) TempDir() string { return s.staging.Path }

func (s *Store) folder(name string) string { return filepath.Join(s.dir, name) }
