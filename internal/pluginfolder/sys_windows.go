package pluginfolder

import (
	"os"
	"path/filepath"
	"strings"
)

const openFlags, noFollow = 0, 0

// onlyOurs leaves it to the folder, which the user's profile protects.
func onlyOurs(os.FileInfo) bool { return true }

func checkMode(path string, _ os.FileInfo) (executable bool, problem error) {
	return strings.EqualFold(filepath.Ext(path), ".exe"), nil
}

func openToAll(os.FileInfo) bool { return false }

// identityOf has only size and time: the file's number needs an open handle.
func identityOf(info os.FileInfo) Identity {
	return Identity{Size: info.Size(), Modtime: info.ModTime().UnixNano()}
}
