package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	folderPrefix = "mcpsrv-"
	lockName     = "lock"
	folderTries  = 5
	// unlockedFor is how old a folder without a lock must be before it counts as left behind: its host may be between
	// making the folder and locking it.
	unlockedFor = time.Minute
)

// runtimeFolder is the private folder of one host. A lock in it, which the system takes back however the host ends,
// says that the host lives. A process id would lie as soon as it is used again, or in another container.
type runtimeFolder struct {
	path string
	lock *os.File
}

func newRuntimeFolder(parent string) (*runtimeFolder, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, err
	}
	for range folderTries {
		path, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
		if err != nil {
			return nil, err
		}
		if len(path) > maxFolderPath {
			_ = os.Remove(path)
			return nil, fmt.Errorf("its path has %d bytes, and sockets in it have room for %d; choose a shorter temporary folder",
				len(path), maxFolderPath)
		}
		if lock, err := openLock(path); err == nil {
			return &runtimeFolder{path: path, lock: lock}, nil
		}
		_ = os.RemoveAll(path) // a sweeper came between
	}
	return nil, errors.New("it cannot be locked")
}

// openLock takes the folder's lock and makes sure that nobody removed the folder in the meantime.
func openLock(folder string) (*os.File, error) {
	name := filepath.Join(folder, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	held, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	if there, err := os.Stat(name); err != nil || !os.SameFile(held, there) {
		_ = f.Close()
		return nil, errors.New("the lock was removed")
	}
	return f, nil
}

func (r *runtimeFolder) remove() {
	_ = r.lock.Close() // first, because Windows removes no open file
	_ = os.RemoveAll(r.path)
}

// SweepStale removes the private folders that hosts left behind which were killed. Folders of living hosts and
// everything else stay. [Open] does it too.
func SweepStale(runtimeDir string) {
	if runtimeDir == "" {
		runtimeDir = os.TempDir()
	}
	entries, err := os.ReadDir(runtimeDir)
	if err != nil {
		return // Open reports a folder that cannot be used
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), folderPrefix) {
			sweep(filepath.Join(runtimeDir, e.Name()))
		}
	}
}

func sweep(folder string) {
	f, err := os.OpenFile(filepath.Join(folder, lockName), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		if info, err := os.Lstat(folder); err == nil && time.Since(info.ModTime()) > unlockedFor {
			_ = os.RemoveAll(folder)
		}
		return
	}
	if err != nil {
		return // another user's
	}
	stale := tryLock(f) == nil
	if stale {
		removeLocked(folder, f)
		return
	}
	_ = f.Close()
}
