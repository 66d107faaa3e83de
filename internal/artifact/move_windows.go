package artifact

import (
	"os"
	"path/filepath"
)

// openAtOnce is nothing: a named pipe is not in a folder on Windows.
const openAtOnce = 0

// moveFrom moves a file out of an open folder.
func moveFrom(folder *os.File, name, path string) error {
	return os.Rename(filepath.Join(folder.Name(), name), path)
}

// moveBack moves a file into an open folder.
func moveBack(path string, folder *os.File, name string) error {
	return os.Rename(path, filepath.Join(folder.Name(), name))
}
