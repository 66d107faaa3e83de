package pluginfolder

import "encoding/json"

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
type Cache struct{ dir string }

// OpenCache uses the folder, and makes it when something is stored first. Empty stands for a cache that keeps nothing.
func OpenCache(dir string) *Cache { return &Cache{dir: dir} }

// Get returns what is known of the binary.
func (c *Cache) Get(Binary) (Entry, bool) { return Entry{}, false }

// Put keeps an entry.
func (c *Cache) Put(Binary, Entry) {}
