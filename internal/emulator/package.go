package emulator

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
)

// ballastBlock is how much of the ballast is in memory: enough for large writes.
const ballastBlock = 1 << 20

// zipAround packs entries with size bytes of ballast as the last one, stored: a valid zip of any size, with the ballast left out of
// memory. The same arguments give the same bytes.
func zipAround(entries []entry, name string, size int) (payload, error) {
	p := payload{block: ballast(min(size, ballastBlock)), ballast: int64(size)}
	var out bytes.Buffer
	frame := &gate{to: &out}
	writer := zip.NewWriter(frame)
	if err := addEntries(writer, entries); err != nil {
		return payload{}, err
	}
	w, err := writer.CreateHeader(zipHeader(entry{name: name, stored: true}))
	if err != nil {
		return payload{}, fmt.Errorf("packing %s: %w", name, err)
	}
	if err := writer.Flush(); err != nil {
		return payload{}, fmt.Errorf("packing: %w", err)
	}
	p.head = bytes.Clone(out.Bytes())
	out.Reset()
	frame.shut = true // the ballast passes only to be counted and summed
	p.send(w, int64(len(p.head)), int64(len(p.head))+p.ballast)
	if err := writer.Flush(); err != nil {
		return payload{}, fmt.Errorf("packing: %w", err)
	}
	frame.shut = false
	if err := writer.Close(); err != nil {
		return payload{}, fmt.Errorf("packing: %w", err)
	}
	p.tail = out.Bytes()
	return p, nil
}

// gate lets bytes through or drops them.
type gate struct {
	to   io.Writer
	shut bool
}

func (g *gate) Write(p []byte) (int, error) {
	if g.shut {
		return len(p), nil
	}
	return g.to.Write(p)
}
