package supervisor

import (
	"sync"

	"mcp-server/internal/pluginfolder"
)

// maxDigests bounds the memo: a folder that holds more, or changes as often, has its files read again.
const maxDigests = 1024

// digests has the SHA-256 of each file that was run, read once.
type digests struct {
	mu    sync.Mutex
	known map[digestKey]*digest
}

type digestKey struct {
	path     string
	identity pluginfolder.Identity
}

type digest struct {
	mu  sync.Mutex // held while the file is read
	sum string
}

// of returns the program's digest. Those who ask for the same file at the same time wait for one reading.
func (d *digests) of(p *pluginfolder.Program) (string, error) {
	one := d.entry(digestKey{p.Path, p.Identity})
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.sum != "" {
		return one.sum, nil
	}
	sum, err := p.Digest()
	if err == nil {
		err = p.Unchanged() // or it is not this identity's
	}
	if err != nil {
		return "", err
	}
	one.sum = sum
	return sum, nil
}

func (d *digests) entry(key digestKey) *digest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxDigests {
		d.known = map[digestKey]*digest{}
	}
	if d.known[key] == nil {
		d.known[key] = &digest{}
	}
	return d.known[key]
}
