package sdk

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRemovedBeneathTheCall hands a file over that somebody has removed with its folder, before and after the first try.
func TestRemovedBeneathTheCall(t *testing.T) {
	t.Parallel()
	f, err := (&Call{stagingDir: t.TempDir()}).CreateFile()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	if _, err := f.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := os.RemoveAll(filepath.Dir(f.file.Name())); err != nil {
			t.Fatal(err)
		}
		if err := f.finish(); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(f.file.Name()); err != nil || string(content) != "hello" {
			t.Errorf("put back %q, %v", content, err)
		}
	}
}
