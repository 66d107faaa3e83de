package pluginfolder

import (
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile puts content under the path, so that a reader sees all of the old or all of the new. The temporary file is hidden, because
// it may stand in a plugins folder.
func replaceFile(path string, content []byte, mode fs.FileMode, sync bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+tempSuffix)
	if err != nil {
		return reason(err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return reason(err)
	}
	if sync {
		syncFolder(filepath.Dir(path))
	}
	return nil
}

// syncFolder makes a rename last, where the system lets a folder be synced.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
