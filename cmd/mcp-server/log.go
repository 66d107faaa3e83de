package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// newLogger writes for people on a terminal and JSON for machines everywhere else, where flush waits a moment for the last
// lines to leave.
func newLogger(w io.Writer, level string) (logger *slog.Logger, flush func(), err error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, usageError{fmt.Errorf("the log level %q is not known; use debug, info, warn or error", level)}
	}
	if f, isFile := w.(*os.File); isFile && isatty.IsTerminal(f.Fd()) {
		return newTerminalLogger(w, l, os.Getenv("NO_COLOR") == ""), func() {}, nil
	}
	lines := newPatientWriter(w)
	return slog.New(slog.NewJSONHandler(lines, &slog.HandlerOptions{Level: l, ReplaceAttr: readable})), lines.flush, nil
}

// readable writes times that something took as 1.5s, where JSON would count nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

func newTerminalLogger(w io.Writer, level slog.Level, colour bool) *slog.Logger {
	return slog.New(plainHandler{tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !colour})})
}

const (
	waitingLines = 1000
	lastLines    = 200 * time.Millisecond // for the lines that wait when the program ends
)

// patientWriter keeps a client that does not read our log from holding up the server: lines that find no room are dropped
// and counted.
type patientWriter struct {
	lines   chan []byte
	quit    chan struct{} // closed by flush
	written chan struct{} // closed when all that waited then is written
	dropped atomic.Int64
}

func newPatientWriter(w io.Writer) *patientWriter {
	p := &patientWriter{lines: make(chan []byte, waitingLines), quit: make(chan struct{}), written: make(chan struct{})}
	go p.pass(w) // ends with flush, or with the process while w blocks
	return p
}

// Write never blocks and never fails; slog gives it one whole line.
func (p *patientWriter) Write(line []byte) (int, error) {
	select {
	case p.lines <- append([]byte(nil), line...):
	default:
		p.dropped.Add(1)
	}
	return len(line), nil
}

func (p *patientWriter) pass(w io.Writer) {
	defer close(p.written)
	for {
		select {
		case line := <-p.lines:
			p.write(w, line)
			continue
		case <-p.quit:
		}
		for len(p.lines) > 0 {
			p.write(w, <-p.lines)
		}
		return
	}
}

func (p *patientWriter) write(w io.Writer, line []byte) {
	if n := p.dropped.Swap(0); n > 0 {
		_, _ = fmt.Fprintf(w, `{"level":"WARN","msg":"log lines were dropped, because nobody read them","lines":%d}`+"\n", n)
	}
	_, _ = w.Write(line) // a log that cannot be written cannot be reported either
}

// flush is called once, at the end.
func (p *patientWriter) flush() {
	close(p.quit)
	select {
	case <-p.written:
	case <-time.After(lastLines):
	}
}
