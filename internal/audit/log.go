package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Config says where the log is.
type Config struct {
	// Path is the file, in a folder that exists. It is made with mode 0600 when it is missing; an existing one keeps its mode.
	Path string
	// Logger is told what was mended or opened again; nil is silence.
	Logger *slog.Logger
	// Redact removes secrets that are known by value from a text; nil knows none. It is called by several goroutines.
	Redact func(string) string
}

// Log is an open audit log, safe for concurrent use, and for several processes that write the same file. A nil one is
// valid and writes nothing.
type Log struct {
	cfg  Config
	sync func(*os.File) error

	committing sync.Mutex // taken before mu; the one who has it syncs for all that wait

	mu      sync.Mutex
	file    *os.File // nil once closed
	torn    bool     // the file may end in a part of a line of ours
	written uint64   // lines so far
	synced  uint64   // the line through which all that did not fail is on the disk
	// Lines of (failedFrom, failedThrough] may be lost. It only grows: whoever still waits for a line in it is told the worse.
	failedFrom, failedThrough uint64
	failure                   error
}

// Open opens the log, or makes it. A last line that a crash has cut is ended, so that it costs no other.
func Open(cfg Config) (*Log, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	file, err := open(cfg.Path, cfg.Logger)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	return &Log{cfg: cfg, file: file, sync: (*os.File).Sync}, nil
}

// Begin writes down that a call is about to run, synced, if it changes something; else it does nothing. A call whose
// Begin failed must not run.
func (l *Log) Begin(e Entry) error {
	if l == nil || !e.Changes {
		return nil
	}
	return l.write("begin", e)
}

// End writes down how a call ended; synced, if it changes something. An error says that the line may be missing: the call
// has run, so its answer is still the caller's.
func (l *Log) End(e Entry) error {
	if l == nil {
		return nil
	}
	return l.write("end", e)
}

func (l *Log) write(event string, e Entry) error {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	n, err := l.append(e.line(event, l.cfg.Redact))
	if err == nil && e.Changes {
		err = l.commit(n)
	}
	if err != nil {
		return fmt.Errorf("writing the audit log %s: %w", l.cfg.Path, err)
	}
	return nil
}

// append writes one line and returns its number.
func (l *Log) append(line []byte) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return 0, os.ErrClosed
	}
	if err := l.follow(); err != nil {
		return 0, err
	}
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	torn, err := appendTo(l.file, line)
	if err != nil {
		l.torn = l.torn || torn
		return 0, err
	}
	l.torn = false
	l.written++
	return l.written, nil
}

// Reachable reports whether the file is there, or can be made; a full disk shows only when something is written.
func (l *Log) Reachable() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return os.ErrClosed
	}
	return l.follow()
}

// follow opens the file again after it was renamed or removed, as rotation does. What is in the old one is synced first.
func (l *Log) follow() error {
	held, err := l.file.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Stat(l.cfg.Path); err == nil && os.SameFile(held, there) {
		return nil
	}
	file, err := open(l.cfg.Path, l.cfg.Logger)
	if err != nil {
		return err
	}
	if l.synced < l.written {
		l.settle(l.written, l.sync(l.file))
	}
	_ = l.file.Close()
	l.file, l.torn = file, false
	l.cfg.Logger.Info("the audit log was moved away; a new one is open", "path", l.cfg.Path)
	return nil
}

// commit returns when line n is on the disk. Those who come while a sync runs wait for it, and then share the next.
func (l *Log) commit(n uint64) error {
	l.committing.Lock()
	defer l.committing.Unlock()
	l.mu.Lock()
	if done, err := l.settled(n); done {
		l.mu.Unlock()
		return err
	}
	file, through := l.file, l.written
	l.mu.Unlock()
	err := l.sync(file)
	l.mu.Lock()
	defer l.mu.Unlock()
	if done, outcome := l.settled(n); done { // the file was rotated away meanwhile, and synced
		return outcome
	}
	l.settle(through, err)
	return err
}

func (l *Log) settled(n uint64) (bool, error) {
	if n > l.failedFrom && n <= l.failedThrough {
		return true, l.failure
	}
	return n <= l.synced, nil
}

// settle notes a sync. After one that failed the system may have dropped the lines, and would call a second sync a success.
func (l *Log) settle(through uint64, err error) {
	if err != nil {
		if l.failure == nil {
			l.failedFrom = l.synced
		}
		l.failedThrough, l.failure = max(l.failedThrough, through), err
	}
	l.synced = max(l.synced, through)
}

// Close syncs and closes the log; what is written afterwards is an error.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.committing.Lock()
	defer l.committing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.sync(l.file)
	l.settle(l.written, err)
	err = errors.Join(err, l.file.Close())
	l.file = nil
	return err
}
