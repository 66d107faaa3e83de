package transport

import (
	"sync"

	"golang.org/x/sync/semaphore"
)

// memory is what the messages of all HTTP clients may take. One caller gets half of it at most, so that nobody can keep
// everyone else out.
type memory struct {
	all      *semaphore.Weighted
	mostEach int64

	mu   sync.Mutex
	each map[string]int64
}

func newMemory(bytes int64) *memory {
	return &memory{all: semaphore.NewWeighted(bytes), mostEach: bytes / 2, each: map[string]int64{}}
}

func (m *memory) take(caller string, bytes int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.each[caller]+bytes > m.mostEach || !m.all.TryAcquire(bytes) {
		return false
	}
	m.each[caller] += bytes
	return true
}

func (m *memory) give(caller string, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all.Release(bytes)
	if m.each[caller] -= bytes; m.each[caller] == 0 {
		delete(m.each, caller)
	}
}
