package pluginfolder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// Digest reads the file and returns its SHA-256 in lower-case hexadecimal digits. A file that is written to meanwhile is an error.
func (p *Program) Digest() (string, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, io.NewSectionReader(p.File, 0, p.Identity.Size)) // no more, lest somebody appends without end
	if err != nil {
		return "", fmt.Errorf("reading the file: %w", reason(err))
	}
	if err := p.Unchanged(); err != nil {
		return "", err
	}
	if n != p.Identity.Size {
		return "", ErrChanged
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// maxDigests bounds what is remembered: far more than a folder holds.
const maxDigests = 1000

// Digests remembers the digests of files, so that each is read once. The zero value is ready, and safe for concurrent use.
type Digests struct {
	mu    sync.Mutex
	known map[digestKey]*digesting

	now func() time.Time // for tests; nil is time.Now
}

// digestKey has the path as well, because an identity without an inode says little.
type digestKey struct {
	path     string
	identity Identity
}

type digesting struct {
	done   chan struct{} // closed when the rest is set
	digest string
	err    error
}

// Of returns what [Program.Digest] does. Several who ask for the same file wait for one reading. An error is not remembered, nor is the
// digest of a file so new that its time stamps cannot rule out a later write.
func (d *Digests) Of(p *Program) (string, error) {
	if err := p.Unchanged(); err != nil {
		return "", err
	}
	now := time.Now
	if d.now != nil {
		now = d.now
	}
	if p.Identity.racyAt(now().UnixNano()) {
		return p.Digest()
	}
	key := digestKey{p.Path, p.Identity}
	mine, first := d.reading(key)
	if !first {
		<-mine.done
		return mine.digest, mine.err
	}
	mine.digest, mine.err = p.Digest()
	if mine.err != nil {
		d.forget(key, mine)
	}
	close(mine.done)
	return mine.digest, mine.err
}

// reading returns the reading of the file that runs or has been, or a new one that the caller must do.
func (d *Digests) reading(key digestKey) (r *digesting, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r = d.known[key]; r != nil {
		return r, false
	}
	if d.known == nil || len(d.known) >= maxDigests {
		d.known = map[digestKey]*digesting{}
	}
	r = &digesting{done: make(chan struct{})}
	d.known[key] = r
	return r, true
}

func (d *Digests) forget(key digestKey, mine *digesting) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[key] == mine {
		delete(d.known, key)
	}
}
