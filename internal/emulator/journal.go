package emulator

import (
	"net/http"
	"slices"
	"sync"
)

// journalSize bounds the memory of an emulator that runs for days.
const journalSize = 10_000

// Request is one request as the journal keeps it: no query, no body, and of the headers' values only whose key has signed.
type Request struct {
	Service, Method string
	Path            string   // decoded
	Headers         []string // names in canonical form, sorted
	AccessKey       string   // that the request says it is signed with; empty when it is not signed
	Status          int      // 0 while the request runs, and for ever when no status was sent
}

// journal keeps the last requests in the order of arrival.
type journal struct {
	mu      sync.Mutex
	entries []*Request
}

func (j *journal) open(service string, r *http.Request) *Request {
	entry := &Request{Service: service, Method: r.Method, Path: r.URL.Path}
	if auth, err := parseAuthorization(r.Header.Get("Authorization")); err == nil {
		entry.AccessKey = auth.access
	}
	for name := range r.Header {
		entry.Headers = append(entry.Headers, name)
	}
	slices.Sort(entry.Headers)
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == journalSize {
		j.entries = slices.Delete(j.entries, 0, journalSize/10)
	}
	j.entries = append(j.entries, entry)
	return entry
}

// answered is called before the first byte leaves, so that a client that has its answer finds the status here.
func (j *journal) answered(entry *Request, status int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entry.Status = status
}

func (j *journal) list() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Request, len(j.entries))
	for n, entry := range j.entries {
		list[n] = *entry
		list[n].Headers = slices.Clone(entry.Headers)
	}
	return list
}

// contents holds the bytes behind Emulator.Content.
type contents struct {
	mu     sync.RWMutex
	byName map[string]payload
}

func (c *contents) put(name string, body payload) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]payload{}
	}
	c.byName[name] = body
}

func (c *contents) get(name string) (payload, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	body, ok := c.byName[name]
	return body, ok
}
