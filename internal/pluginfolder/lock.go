package pluginfolder

import "mcp-server/sdk"

// LockName is the lock file's name, by default in the plugins folder.
const LockName = "plugins.lock.json"

// Lock is what a lock file accepts.
type Lock struct {
	// Path is the file's.
	Path string
	// Plugins are by name.
	Plugins map[string]Locked
}

// Locked is one accepted binary.
type Locked struct {
	Version     string          `json:"version"`
	SHA256      string          `json:"sha256"`
	Permissions sdk.Permissions `json:"permissions"`
}

// ReadLock reads a lock file; nil without an error when there is none. One that cannot be read or understood is an error: nothing
// must run then.
func ReadLock(path string) (*Lock, error) { return nil, nil }

// Check says why a binary must not run: it is not in the lock file, or differs from what is. The message names what changed, and the command that
// accepts it. A nil lock accepts everything.
func (l *Lock) Check(name, sha256 string) error { return nil }
