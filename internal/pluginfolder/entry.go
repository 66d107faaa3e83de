package pluginfolder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"time"
)

const (
	entryMark = "mcp-server plugin cache 2" // the number is the format's
	maxEntry  = 8 << 20
	// racyFor is the coarsest time stamp of a file system in use (FAT). A file that changed less than that before its entry was stored
	// may have been written to again without getting another time.
	racyFor = 2 * time.Second
)

// record is what an entry's file says: a line with the mark and a checksum of the rest, a line of JSON, and then the manifest and the
// verdict as they are. JSON inside JSON would be read three times, and would not keep its bytes.
type record struct {
	Name     string   `json:"name"`
	Path     string   `json:"path"`
	Identity Identity `json:"identity"`
	// Stored is when, in nanoseconds since 1970.
	Stored        int64  `json:"stored_ns"`
	SHA256        string `json:"sha256"`
	VerdictBy     string `json:"verdict_by"`
	ManifestBytes int    `json:"manifest_bytes"`
	VerdictBytes  int    `json:"verdict_bytes"`

	manifest, verdict []byte
}

func newRecord(b Binary, e Entry, now time.Time) record {
	return record{
		Name: b.Name, Path: b.Path, Identity: b.Identity, Stored: now.UnixNano(), SHA256: e.SHA256, VerdictBy: e.VerdictBy,
		ManifestBytes: len(e.Manifest), VerdictBytes: len(e.Verdict), manifest: e.Manifest, verdict: e.Verdict,
	}
}

func (r *record) entry() Entry {
	e := Entry{SHA256: r.SHA256, Manifest: r.manifest, VerdictBy: r.VerdictBy}
	if len(r.verdict) > 0 {
		e.Verdict = r.verdict
	}
	return e
}

// of reports whether the record is about this binary as it was found.
func (r *record) of(b Binary) bool {
	return r.Name == b.Name && r.Path == b.Path && r.Identity == b.Identity
}

// racy reports whether the identity may stand for a later content as well.
func (r *record) racy() bool { return r.Identity.racyAt(r.Stored) }

func (i Identity) racyAt(nanoseconds int64) bool {
	return max(i.Modtime, i.Changed) > nanoseconds-int64(racyFor)
}

func (r *record) encode() ([]byte, error) {
	head, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	body := bytes.Join([][]byte{head, []byte("\n"), r.manifest, r.verdict}, nil)
	return fmt.Appendf(nil, "%s %08x\n%s", entryMark, checksum(body), body), nil
}

// decodeRecord returns nil for anything that encode has not written.
func decodeRecord(content []byte) *record {
	first, body, _ := bytes.Cut(content, []byte("\n"))
	if string(first) != fmt.Sprintf("%s %08x", entryMark, checksum(body)) {
		return nil
	}
	head, rest, found := bytes.Cut(body, []byte("\n"))
	decoder := json.NewDecoder(bytes.NewReader(head))
	decoder.DisallowUnknownFields()
	var r record
	if !found || decoder.Decode(&r) != nil || decoder.More() {
		return nil
	}
	if r.ManifestBytes < 0 || r.ManifestBytes > len(rest) || r.VerdictBytes != len(rest)-r.ManifestBytes {
		return nil
	}
	r.manifest, r.verdict = rest[:r.ManifestBytes:r.ManifestBytes], rest[r.ManifestBytes:]
	return &r
}

// checksum finds what a crash has cut. It is IEEE's because the table of Castagnoli's takes longer to make than all entries to read.
func checksum(content []byte) uint32 { return crc32.ChecksumIEEE(content) }
