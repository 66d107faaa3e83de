package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

const (
	// lockWait bounds the wait for another process, which holds the lock for one write.
	lockWait = 2 * time.Second
	// lockPause is how often the lock is tried.
	lockPause = time.Millisecond
)

// errBusy says that another process kept the lock for longer than any write takes.
var errBusy = errors.New("another process holds its lock; is one stopped?")

// open opens the file for appending and ends a line that a crash has cut.
func open(path string, logger *slog.Logger) (*os.File, error) {
	file, err := openOrMake(path)
	if err != nil {
		return nil, err
	}
	if err := mend(file, logger); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func openOrMake(path string) (*os.File, error) {
	// Something that is no file, as a pipe or standard output, is refused before it is opened, because opening can block.
	if about, err := os.Stat(path); err == nil && !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file; name one", path)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	file, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// mend looks at the last byte under the lock, so that a line which another process is writing does not look cut.
func mend(file *os.File, logger *slog.Logger) error {
	unlock, err := lock(file)
	if err != nil {
		return err
	}
	defer unlock()
	about, err := file.Stat()
	if err != nil || about.Size() == 0 {
		return err
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], about.Size()-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	logger.Warn("the audit log ends in a part of a line; it is left as it is, and ended", "path", file.Name())
	_, err = file.Write([]byte{'\n'})
	return err
}

// appendTo writes a line in one piece. When the disk takes only a part, that part is removed again; torn says that it
// could not be.
func appendTo(file *os.File, line []byte) (torn bool, err error) {
	unlock, err := lock(file)
	if err != nil {
		return false, err
	}
	defer unlock()
	before, err := file.Stat()
	if err != nil {
		return false, err
	}
	n, err := file.Write(line)
	if err == nil || n == 0 {
		return false, err
	}
	if !locks {
		return true, err // what was appended by others since would go too
	}
	return file.Truncate(before.Size()) != nil, err
}

// lock takes the file from the other processes that write it, which is needed only for the removal of a part of a line.
func lock(file *os.File) (unlock func(), err error) {
	deadline := time.Now().Add(lockWait)
	for {
		held, err := tryLock(file)
		if err != nil {
			return nil, fmt.Errorf("locking: %w", err)
		}
		if held {
			return func() { _ = release(file) }, nil
		}
		if time.Now().After(deadline) {
			return nil, errBusy
		}
		<-time.After(lockPause)
	}
}
