package sdk

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"sync"
)

const (
	followStep    = 256 << 10 // how far a writer gets ahead before it is followed, and how much is read at once
	writeBackStep = 8 << 20   // how much the disk is asked to write at a time
)

// follower goes through a file behind its writer: it computes the checksum, and asks the disk to begin, so that both are nearly done
// when the last byte is written. It reads back what has been written, from memory as a rule: so nothing is
// copied for it, and the checksum is that of the file, however much of a buffer a failing write has taken. Its goroutine
// ends whenever it has caught up.
type follower struct {
	file *os.File
	hash hash.Hash
	work sync.WaitGroup

	// These belong to the goroutine while it runs.
	buffer []byte
	done   int64 // bytes in hash
	asked  int64 // bytes that the disk was asked to write
	err    error

	mu      sync.Mutex
	goal    int64 // bytes in the file
	running bool
}

func newFollower(file *os.File) *follower { return &follower{file: file, hash: sha256.New()} }

// follow tells how many bytes the file has by now.
func (f *follower) follow(size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.goal = size
	if !f.running && f.goal-f.done >= followStep {
		f.running = true
		f.work.Go(f.run)
	}
}

func (f *follower) run() {
	for f.behind() {
		f.step(followStep)
		if f.done-f.asked >= writeBackStep {
			startWriteBack(f.file, f.asked, f.done-f.asked)
			f.asked = f.done
		}
	}
}

// behind says whether the goroutine goes on.
func (f *follower) behind() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = f.err == nil && f.goal-f.done >= followStep
	return f.running
}

// step reads the next n bytes, at most a step.
func (f *follower) step(n int64) {
	if int64(len(f.buffer)) < n {
		f.buffer = make([]byte, n)
	}
	read, err := f.file.ReadAt(f.buffer[:n], f.done)
	f.hash.Write(f.buffer[:read])
	f.done += int64(read)
	switch {
	case errors.Is(err, io.EOF) && int64(read) < n:
		f.err = io.ErrUnexpectedEOF // someone else has cut the file
	case err != nil && !errors.Is(err, io.EOF):
		f.err = err
	}
}

// sum follows to the end of the file and returns its SHA-256.
func (f *follower) sum() ([]byte, error) {
	f.work.Wait()
	for f.err == nil && f.done < f.goal {
		f.step(min(followStep, f.goal-f.done))
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.hash.Sum(nil), nil
}

// stop ends the goroutine wherever it is.
func (f *follower) stop() {
	f.follow(0)
	f.work.Wait()
}
