package emulator

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"
)

// entry is one file of a zip.
type entry struct {
	name   string
	body   []byte
	stored bool // not compressed: saves the time where it would not help
}

// zipFile packs entries with a fixed time, so that the same entries give the same bytes.
func zipFile(entries []entry) ([]byte, error) {
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	if err := addEntries(writer, entries); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return buffer.Bytes(), nil
}

func addEntries(writer *zip.Writer, entries []entry) error {
	for _, e := range entries {
		w, err := writer.CreateHeader(zipHeader(e))
		if err != nil {
			return fmt.Errorf("packing %s: %w", e.name, err)
		}
		if _, err := w.Write(e.body); err != nil {
			return fmt.Errorf("packing %s: %w", e.name, err)
		}
	}
	return nil
}

func zipHeader(e entry) *zip.FileHeader {
	header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: time.Date(2025, 7, 3, 9, 45, 10, 0, time.UTC)}
	if e.stored {
		header.Method = zip.Store
	}
	return header
}

// ballast returns size bytes that do not compress and are the same on every run.
func ballast(size int) []byte {
	source := rand.NewChaCha8([32]byte{'e', 'm', 'u', 'l', 'a', 't', 'o', 'r'})
	body := make([]byte, size)
	_, _ = source.Read(body) // never fails: documented by math/rand/v2
	return body
}
