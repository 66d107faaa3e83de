package pluginfolder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Entry is what is known of a binary without running it.
type Entry struct {
	// SHA256 is the file's, in lower-case hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Manifest is the plugin's answer to Describe, byte for byte.
	Manifest json.RawMessage `json:"manifest"`
	// Verdict is what the host that stored the entry found wrong with the manifest, in its own words; VerdictBy names the rules by
	// which it did, so that another version of the host looks again.
	Verdict   json.RawMessage `json:"verdict,omitempty"`
	VerdictBy string          `json:"verdict_by,omitempty"`
}

// Cache keeps entries by the name and the identity of their files. It is safe for concurrent use, also by several hosts. Nothing depends on
// it: what is damaged, old, or somebody else's counts as absent, and what cannot be written is asked for again.
type Cache struct {
	dir   string
	now   func() time.Time
	prune sync.Once
}

// OpenCache uses the folder, and makes it when something is stored first. Empty stands for a cache that keeps nothing.
func OpenCache(dir string) *Cache { return &Cache{dir: dir, now: time.Now} }

// Get returns what is known of the binary. Where the file had just been written when the entry was stored, its time stamps cannot rule out a
// later write, so the file is read once more and compared by its digest; an entry that passes when the file has come of age is stored anew.
func (c *Cache) Get(b Binary) (Entry, bool) {
	if c.dir == "" || b.Identity == (Identity{}) {
		return Entry{}, false
	}
	r := readRecord(c.file(b))
	if r == nil || !r.of(b) {
		return Entry{}, false
	}
	if r.racy() {
		now := c.now()
		if !holds(b, r.SHA256) {
			return Entry{}, false
		}
		if !b.Identity.racyAt(now.UnixNano()) {
			c.write(newRecord(b, r.entry(), now))
		}
	}
	return r.entry(), true
}

// Put keeps an entry.
func (c *Cache) Put(b Binary, e Entry) {
	if c.dir == "" || b.Identity == (Identity{}) || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	c.write(newRecord(b, e, c.now()))
	c.prune.Do(c.removeOld)
}

// write replaces the entry's file at once. It is not synced: after a power cut the checksum tells.
func (c *Cache) write(r record) {
	content, err := r.encode()
	if err != nil || len(content) > maxEntry {
		return
	}
	_ = replaceFile(c.file(Binary{Name: r.Name, Path: r.Path}), content, 0o600, false)
}

// file is a file of its own for each binary, because several hosts write at the same time.
func (c *Cache) file(b Binary) string {
	sum := sha256.Sum256([]byte(b.Name + "\x00" + b.Path))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:16])+entrySuffix)
}

// readRecord returns nil unless the file is a sound entry that nobody but this user can have written.
func readRecord(path string) *record {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags|noFollow, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxEntry || !onlyOurs(info) {
		return nil
	}
	content := make([]byte, info.Size())
	if _, err := io.ReadFull(f, content); err != nil {
		return nil
	}
	return decodeRecord(content)
}

// holds reports whether the binary has the content with this digest.
func holds(b Binary, digest string) bool {
	p, err := b.Open()
	if err != nil {
		return false
	}
	defer p.Close()
	got, err := p.Digest()
	return err == nil && got == digest
}
