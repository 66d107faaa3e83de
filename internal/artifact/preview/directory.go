package preview

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// directoryEnd is what the last record of a zip says of its directory (APPNOTE.TXT 4.3.14 to 4.3.16). archive/zip keeps
// it to itself, and reserves memory by it.
type directoryEnd struct {
	at      int64 // of the record that ends the directory, in the file
	records uint64
	size    uint64
	offset  uint64
	volumes bool // one of several
}

const (
	endLength       = 22
	end64Length     = 56
	locator64Length = 20
	longestTail     = 65 << 10 // what archive/zip searches: the record with the longest comment, and a little more
)

// readDirectoryEnd finds the same record that archive/zip will use.
func readDirectoryEnd(content *io.SectionReader) (directoryEnd, error) {
	tail := make([]byte, min(content.Size(), longestTail))
	n, err := content.ReadAt(tail, content.Size()-int64(len(tail)))
	if err != nil && !errors.Is(err, io.EOF) {
		return directoryEnd{}, err
	}
	if n < len(tail) {
		return directoryEnd{}, errShrunk
	}
	last := bytes.LastIndex(tail[:max(0, len(tail)-endLength+4)], []byte("PK\x05\x06"))
	if last < 0 {
		return directoryEnd{}, errCut
	}
	record := tail[last:]
	if len(record) < endLength+int(binary.LittleEndian.Uint16(record[20:])) {
		return directoryEnd{}, errCut
	}
	d := directoryEnd{
		at:      content.Size() - int64(len(record)),
		volumes: binary.LittleEndian.Uint16(record[4:]) != binary.LittleEndian.Uint16(record[6:]),
		records: uint64(binary.LittleEndian.Uint16(record[10:])),
		size:    uint64(binary.LittleEndian.Uint32(record[12:])),
		offset:  uint64(binary.LittleEndian.Uint32(record[16:])),
	}
	// The second number looks like a slip of archive/zip, but what it reads must be what is checked here.
	if d.records == 0xffff || d.size == 0xffff || d.offset == 0xffffffff {
		return d, d.read64(content)
	}
	return d, nil
}

// read64 replaces the numbers by those of the zip64 record, where there is one.
func (d *directoryEnd) read64(content *io.SectionReader) error {
	locator := make([]byte, locator64Length)
	_, err := content.ReadAt(locator, d.at-locator64Length)
	onlyVolume := binary.LittleEndian.Uint32(locator[4:]) == 0 && binary.LittleEndian.Uint32(locator[16:]) == 1
	if err != nil || !bytes.HasPrefix(locator, []byte("PK\x06\x07")) || !onlyVolume {
		return nil //nolint:nilerr // a zip with exactly 65,535 entries has none
	}
	at := binary.LittleEndian.Uint64(locator[8:])
	if at > uint64(content.Size()) {
		return errCut
	}
	record := make([]byte, end64Length)
	if _, err := content.ReadAt(record, int64(at)); err != nil || !bytes.HasPrefix(record, []byte("PK\x06\x06")) {
		return errCut
	}
	d.at = int64(at)
	d.records = binary.LittleEndian.Uint64(record[32:])
	d.size = binary.LittleEndian.Uint64(record[40:])
	d.offset = binary.LittleEndian.Uint64(record[48:])
	return nil
}

// foreign returns how many bytes before the archive are not its own. A zip that was cut behind a smaller zip stored in it
// looks like that smaller one with something before it.
func (d *directoryEnd) foreign() int64 {
	return d.at - int64(d.size) - int64(d.offset)
}
