package pluginfolder

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkLook50 is what a look at a folder costs the watcher.
func BenchmarkLook50(b *testing.B) {
	dir := b.TempDir()
	for i := range 50 {
		binary(b, filepath.Join(dir, fmt.Sprint("tool", i)), "one")
	}
	w, f, g := Watcher{Dir: dir, Lock: filepath.Join(dir, LockName)}, newFollower(nil, nil), gathering{}
	defer f.close()
	for b.Loop() {
		f.follow(w.Dir, w.Lock)
		g.compare(later(), w.look())
	}
}
