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
