package hostfolder

import (
	"os"

	"github.com/gofrs/flock"
)

// removeLocked closes the lock first, because an open file cannot be removed.
func removeLocked(folder string, lock *flock.Flock) {
	_ = lock.Close()
	_ = RemoveTree(folder)
}

type remover struct{}

// RemoveAfterKill does nothing here: the next Sweep removes what a killed host leaves.
func (*Folder) RemoveAfterKill() {}

// Group does nothing here: processes have no groups that could be killed.
func (*Folder) Group(int) (forget func()) { return func() {} }

func (*remover) end() {}

// ours is always true: the temporary folder is the user's own.
func ours(os.FileInfo) bool { return true }
