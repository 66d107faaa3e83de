package sdk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

func newTestFile(t *testing.T) *File {
	t.Helper()
	f, err := (&Call{stagingDir: t.TempDir()}).CreateFile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Discard)
	return f
}

// fill writes size bytes in pieces of very different lengths and returns them.
func fill(t *testing.T, f *File, source *rand.ChaCha8, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	_, _ = source.Read(content)
	lengths := rand.New(source)
	for rest := content; len(rest) > 0; {
		n := min(len(rest), 1+lengths.IntN(1<<lengths.IntN(21)))
		if written, err := f.Write(rest[:n]); err != nil || written != n {
			t.Fatalf("wrote %d of %d bytes, %v", written, n, err)
		}
		rest = rest[n:]
	}
	return content
}

// TestChecksumIsThatOfTheFile writes files around the sizes at which the follower does something else, the second of each after a reset.
func TestChecksumIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, followStep - 1, followStep, followStep + 1, 3*followStep + 5, writeBackStep + 1, 2*writeBackStep + followStep} {
		source := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
		f := newTestFile(t)
		fill(t, f, source, size/2+followStep)
		if err := f.Reset(); err != nil {
			t.Fatal(err)
		}
		content := fill(t, f, source, size)
		if err := f.finish(); err != nil {
			t.Fatal(err)
		}
		stored, err := os.ReadFile(f.file.Name())
		if err != nil || !bytes.Equal(stored, content) || f.Size() != int64(size) {
			t.Errorf("%d bytes: the file holds %d, its size is %d, %v", size, len(stored), f.Size(), err)
		}
		if want := sha256.Sum256(content); !bytes.Equal(f.sum, want[:]) {
			t.Errorf("%d bytes: the checksum is %x, want %x", size, f.sum, want)
		}
	}
}

// TestDiscardEndsTheFollower must not wait until all is hashed, nor leave the file.
func TestDiscardEndsTheFollower(t *testing.T) {
	t.Parallel()
	f := newTestFile(t)
	fill(t, f, rand.NewChaCha8([32]byte{}), 2*writeBackStep)
	f.Discard()
	f.follower.mu.Lock()
	defer f.follower.mu.Unlock()
	if _, err := os.Stat(f.file.Name()); !errors.Is(err, os.ErrNotExist) || f.follower.running {
		t.Errorf("the file is there (%v), or its follower runs on (%t)", err, f.follower.running)
	}
}

// TestFileThatWasCut must not be stored with the checksum of what it was.
func TestFileThatWasCut(t *testing.T) {
	t.Parallel()
	for _, size := range []int{100, 4 * followStep} {
		f := newTestFile(t)
		if err := os.Truncate(f.file.Name(), 0); err != nil {
			t.Fatal(err)
		}
		f.follower.follow(int64(size))
		if err := f.finish(); !errors.Is(err, io.ErrUnexpectedEOF) || f.sum != nil {
			t.Errorf("%d bytes: %v, checksum %x", size, err, f.sum)
		}
	}
}

// TestWriteToAFullDisk takes what fits and goes on with the rest, as a download does that waits for space.
func TestWriteToAFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	t.Cleanup(func() { _ = full.Close() })
	f := newTestFile(t)
	begin := fill(t, f, rand.NewChaCha8([32]byte{}), 2*followStep)
	disk := f.file
	f.file = full
	n, err := f.Write([]byte("lost"))
	if e := AsError(err); n != 0 || e.Code != CodeResourceExhausted || e.Source != SourceHost || f.Size() != int64(len(begin)) {
		t.Errorf("wrote %d bytes, size %d, %v", n, f.Size(), err)
	}
	f.file = disk
	if _, err := f.Write([]byte("found")); err != nil {
		t.Fatal(err)
	}
	if err := f.finish(); err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(append(begin, "found"...)); !bytes.Equal(f.sum, want[:]) {
		t.Errorf("the checksum is %x, want %x", f.sum, want)
	}
}
