package supervisor

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	tailLines    = 40
	tailBytes    = 2 << 10
	messageBytes = 4 << 10
	maxFields    = 32
)

// relay takes all that one process writes to the host's log: without secrets, printable, at a bounded rate. It
// remembers the last lines of the standard error and the first line of a panic for the error that follows.
type relay struct {
	logger  *slog.Logger
	secrets *redactor

	mu        sync.Mutex
	limit     limiter
	tail      []rawLine
	panicLine string
	panicking bool
}

// rawLine is redacted when it is used, because more secrets may be known by then.
type rawLine struct {
	text string
	cut  bool
}

// noise takes what a plugin writes to its real standard output beside the handshake.
func (r *relay) noise(l outputLine) {
	if len(l.text) == 0 || !r.logger.Enabled(context.Background(), slog.LevelDebug) {
		return // early, so that noise nobody reads costs no other line its place
	}
	r.log(l, func(text []byte) record {
		return record{level: slog.LevelDebug, message: string(text), fields: []field{{"stream", "stdout"}}}
	})
}

// stderr takes a line of the real standard error, where the SDK's logger and Go's panics write.
func (r *relay) stderr(l outputLine) {
	if len(l.text) == 0 {
		return
	}
	panicking := r.remember(l)
	r.log(l, func(text []byte) record {
		if panicking {
			return record{level: slog.LevelError, message: string(text)}
		}
		return parseRecord(text)
	})
}

// printed takes a line that reached os.Stdout or os.Stderr of the plugin after the start, where go-plugin reads it.
func (r *relay) printed(stream string) func(outputLine) {
	return func(l outputLine) {
		if len(l.text) == 0 {
			return
		}
		r.log(l, func(text []byte) record {
			return record{level: slog.LevelInfo, message: string(text), fields: []field{{"stream", stream}}}
		})
	}
}

// remember keeps the line for a later error and reports whether a panic has begun.
func (r *relay) remember(l outputLine) bool {
	text := l.text[:min(len(l.text), tailBytes)]
	kept := rawLine{text: string(text), cut: l.cut > 0 || len(text) < len(l.text)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tail) == tailLines {
		r.tail = append(r.tail[:0], r.tail[1:]...)
	}
	r.tail = append(r.tail, kept)
	if !r.panicking && (bytes.HasPrefix(text, []byte("panic: ")) || bytes.HasPrefix(text, []byte("fatal error: "))) {
		r.panicking, r.panicLine = true, kept.text
	}
	return r.panicking
}

// log writes one line unless there are too many; parse is called only for lines that are written.
func (r *relay) log(l outputLine, parse func(text []byte) record) {
	now := time.Now()
	r.mu.Lock()
	allowed := r.limit.allow(now)
	dropped := r.limit.takeDropped(now)
	r.mu.Unlock()
	if dropped > 0 {
		r.logger.Warn("the plugin writes too much; lines were dropped", "lines", dropped)
	}
	if !allowed {
		return
	}
	rec := parse(l.text)
	ctx := context.Background() // a line belongs to the process, not to one call
	if !r.logger.Enabled(ctx, rec.level) {
		return
	}
	cut := l.cut > 0
	fields := make([]any, 0, len(rec.fields)+1)
	for _, f := range rec.fields[:min(len(rec.fields), maxFields)] {
		fields = append(fields, slog.String(r.secrets.line(f.key, cut, 100), r.secrets.line(f.value, cut, messageBytes)))
	}
	if cut {
		fields = append(fields, slog.Int("cut_bytes", l.cut))
	}
	message := r.secrets.line(rec.message, cut, messageBytes)
	// The fields are a group, so that a plugin cannot pose as another.
	r.logger.LogAttrs(ctx, rec.level, message, slog.Group("output", fields...))
}

// finish tells of lines that were dropped at the very end.
func (r *relay) finish() {
	r.mu.Lock()
	dropped := r.limit.dropped
	r.limit.dropped = 0
	r.mu.Unlock()
	if dropped > 0 {
		r.logger.Warn("the plugin wrote too much; lines were dropped", "lines", dropped)
	}
}

// lastWords returns up to n last lines of the standard error, without secrets, for an error message.
func (r *relay) lastWords(n int) string {
	r.mu.Lock()
	lines := append([]rawLine(nil), r.tail[max(0, len(r.tail)-n):]...)
	r.mu.Unlock()
	words := make([]string, 0, len(lines))
	for _, l := range lines {
		text := strings.TrimSpace(parseRecord([]byte(l.text)).String())
		if text = r.secrets.line(text, l.cut, 300); text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, " | ")
}

// explanation returns what a process wrote that may explain its end: a panic without its stack, or the last lines.
func (r *relay) explanation() string {
	if panicked := r.firstPanic(); panicked != "" {
		return panicked
	}
	return r.lastWords(5)
}

// firstPanic returns the line with which a panic began; empty when there was none.
func (r *relay) firstPanic() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secrets.line(r.panicLine, len(r.panicLine) >= tailBytes, 300)
}
