package huaweicloud

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSettingFile bounds the files that settings name; a bundle of certificates has some 200 KB.
const maxSettingFile = 4 << 20

// readSetting reads a file that a setting names. Only regular files are read: a pipe would never end.
func readSetting(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		return nil, errors.New("its path must be absolute, because a plugin has a working folder of its own")
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxSettingFile+1))
	if err == nil && len(text) > maxSettingFile {
		err = errors.New("it is too large for such a file")
	}
	return text, err
}

func reasonWithoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
