package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"mcp-server/internal/hostfolder"
)

// folderPrefix begins the names of all hosts' private folders.
const folderPrefix = "mcpsrv-"

// processFolder makes the private folder of one process. Its name is a number, because sockets have little room.
func (s *Supervisor) processFolder() (string, error) {
	home, err := s.makeHome()
	if err != nil {
		return "", fmt.Errorf("preparing a folder for the plugins' sockets in %q: %w; set TMPDIR to a folder that exists and can be written to",
			s.cfg.RuntimeDir, reason(err))
	}
	dir := filepath.Join(home.Path, strconv.FormatUint(s.lastDir.Add(1), 10))
	if err := os.MkdirAll(dir, 0o700); err != nil { // with its parent, which a cleaner may have taken
		return "", fmt.Errorf("making the process's private folder: %w", err)
	}
	return dir, nil
}

// makeHome makes this host's private folder when there is none yet. It first sweeps what dead hosts left beside it, and
// readies what removes the folder when this host is killed.
func (s *Supervisor) makeHome() (*hostfolder.Folder, error) {
	s.homing.Lock()
	defer s.homing.Unlock()
	if s.home != nil {
		return s.home, nil
	}
	hostfolder.Sweep(s.cfg.RuntimeDir, folderPrefix, nil)
	home, err := hostfolder.New(s.cfg.RuntimeDir, folderPrefix)
	if err != nil {
		return nil, err
	}
	if len(home.Path) > maxFolderPath {
		home.Remove()
		return nil, fmt.Errorf("its path has %d bytes, and sockets in it have room for %d; choose a shorter temporary folder",
			len(home.Path), maxFolderPath)
	}
	s.home = home
	s.guard.Go(home.RemoveAfterKill) // beside the start, which takes longer
	return home, nil
}

// leaveHome removes the private folder.
func (s *Supervisor) leaveHome() {
	s.homing.Lock()
	defer s.homing.Unlock()
	if s.home != nil {
		s.guard.Wait()
		s.home.Remove()
	}
}
