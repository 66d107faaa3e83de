package pluginfolder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	entrySuffix = ".plugin"
	tempSuffix  = ".tmp"

	maxEntries = 1000
	// goneFor is how long an entry stays whose binary is not there: its disk may be mounted again, or only another container sees it.
	goneFor = 30 * 24 * time.Hour
	tempFor = time.Hour
)

// removeOld removes what crashed hosts left, the entries of binaries that are long gone, and the oldest if there are too many. It leaves
// alone what it does not know.
func (c *Cache) removeOld() {
	listed, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var kept []fs.FileInfo
	for _, e := range listed {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		path, age := filepath.Join(c.dir, e.Name()), c.now().Sub(info.ModTime())
		switch {
		case strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), tempSuffix):
			if age > tempFor {
				_ = os.Remove(path)
			}
		case !strings.HasSuffix(e.Name(), entrySuffix):
		case age > goneFor && gone(path):
			_ = os.Remove(path)
		default:
			kept = append(kept, info)
		}
	}
	if len(kept) <= maxEntries {
		return
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range kept[:len(kept)-maxEntries] {
		_ = os.Remove(filepath.Join(c.dir, info.Name()))
	}
}

// gone reports whether an entry is of no use to anybody here.
func gone(path string) bool {
	r := readRecord(path)
	if r == nil {
		return true
	}
	_, err := os.Lstat(r.Path)
	return errors.Is(err, fs.ErrNotExist)
}
