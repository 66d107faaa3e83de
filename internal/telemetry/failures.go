package telemetry

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// failurePause is how long failures are only counted after one was logged: a collector that is gone fails every export.
const failurePause = time.Minute

// failures logs what the OpenTelemetry SDK could not do.
type failures struct {
	logger *slog.Logger

	mu      sync.Mutex
	last    time.Time
	skipped int
}

// Handle is the SDK's error handler.
func (f *failures) Handle(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.last.IsZero() && time.Since(f.last) < failurePause {
		f.skipped++
		return
	}
	f.logger.Warn("telemetry could not be exported; calls go on without it", "err", cleaned(err.Error(), 512), "more_before", f.skipped)
	f.last, f.skipped = time.Now(), 0
}

// sink takes the SDK's own log. Its values are dropped, because they hold variables as they were set, headers with tokens
// included.
type sink struct{ failures *failures }

// Init has nothing to keep.
func (sink) Init(logr.RuntimeInfo) {}

// Enabled leaves only errors.
func (sink) Enabled(int) bool { return false }

// Info is never reached.
func (sink) Info(int, string, ...any) {}

// Error counts as a failure.
func (s sink) Error(err error, message string, _ ...any) {
	s.failures.Handle(fmt.Errorf("%s: %w", message, err))
}

// WithValues drops the values.
func (s sink) WithValues(...any) logr.LogSink { return s }

// WithName drops the name.
func (s sink) WithName(string) logr.LogSink { return s }
