package pluginfolder

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
)

// Digest reads the file and returns its SHA-256 in lower-case hexadecimal digits.
func (p *Program) Digest() (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(p.File, 0, math.MaxInt64)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Digests remembers digests, so that each identity is read once. It is safe for concurrent use.
type Digests struct{}

// Of returns the program's digest.
func (*Digests) Of(p *Program) (string, error) { return p.Digest() }
