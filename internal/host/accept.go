package host

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"mcp-server/internal/pluginfolder"
)

// lockState is the lock file as it was last read. With an error nothing may run.
type lockState struct {
	lock *pluginfolder.Lock
	err  error
}

func (h *Host) lockFile() string {
	if h.cfg.Plugins.LockFile != "" {
		return h.cfg.Plugins.LockFile
	}
	return filepath.Join(h.cfg.PluginsDir, pluginfolder.LockName)
}

// readLock reports whether the lock file says something else than before.
func (h *Host) readLock() (changed bool) {
	if h.cfg.Plugins.IgnoreLock {
		return false
	}
	lock, err := pluginfolder.ReadLock(h.lockFile())
	if lock == nil && err == nil && h.cfg.Plugins.LockFile != "" { // somebody relies on it
		err = fmt.Errorf("there is no lock file %q, without which no plugin runs because it was named; write it with `mcp-server plugin lock`, or name none", h.cfg.Plugins.LockFile)
	}
	if err != nil && !h.cfg.Quiet {
		h.logger.Error("no plugin is run", "err", err)
	}
	before := h.lock.Swap(&lockState{lock, err})
	return before != nil && (!reflect.DeepEqual(before.lock, lock) || (before.err == nil) != (err == nil))
}

// accepts says why the lock file does not accept what is known of a binary.
func (h *Host) accepts(it *item) error {
	state := h.lock.Load()
	if state == nil || state.lock == nil && state.err == nil {
		return nil
	}
	if state.err != nil {
		return state.err
	}
	return errors.Join(state.lock.Check(it.name, it.known.SHA256), state.lock.CheckPermissions(it.name, it.known.Manifest.Permissions))
}

// admit is asked before every start of a process.
func (h *Host) admit(b pluginfolder.Binary, digest func() (string, error)) error {
	state := h.lock.Load()
	if state == nil || state.lock == nil && state.err == nil {
		return nil
	}
	if state.err != nil {
		return state.err
	}
	sum, err := digest()
	if err != nil {
		return fmt.Errorf("reading the plugin's file: %w", err)
	}
	return state.lock.Check(b.Name, sum)
}
