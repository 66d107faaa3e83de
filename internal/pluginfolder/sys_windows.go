package pluginfolder

import (
	"os"
	"path/filepath"
	"strings"
)

func checkMode(path string, _ os.FileInfo) (executable bool, problem error) {
	return strings.EqualFold(filepath.Ext(path), ".exe"), nil
}

func openToAll(os.FileInfo) bool { return false }

// identityOf has only size and time: the file's number needs an open handle.
func identityOf(info os.FileInfo) Identity {
	return Identity{Size: info.Size(), Modtime: info.ModTime().UnixNano()}
}
