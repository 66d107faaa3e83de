package preview

import (
	"fmt"
	"hash/crc32"
	"io"
)

// whole reads every file of a zip and returns what is wrong with the first that is not as the directory says.
func whole(content *io.SectionReader) error {
	first := make([]byte, 4)
	if _, err := content.ReadAt(first, 0); err != nil || string(first) != "PK\x03\x04" && string(first) != "PK\x05\x06" {
		return damaged("it is not a zip from its first byte on")
	}
	a, err := openArchive(content)
	switch {
	case err != nil:
		return err
	case a.end.foreign() != 0:
		return damaged("the directory at the end does not describe all of the file, so a larger archive was probably cut off")
	case uint64(len(a.files)) > a.end.records:
		return damaged("the directory has more files than it says")
	case a.overlaps():
		return damaged("files of the zip overlap")
	}
	for _, f := range a.files {
		if f.encrypted() {
			return locked("%q is encrypted, so its content cannot be checked", f.name)
		}
	}
	for _, f := range a.files {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

// check unpacks the file into nothing. The checksum is compared here because archive/zip passes over one that is zero.
func (f file) check() error {
	packed, err := f.Open()
	if err != nil {
		return explained(fmt.Sprintf("%q", f.name), err)
	}
	defer func() { _ = packed.Close() }() // only read
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, packed)
	switch {
	case err != nil:
		return explained(fmt.Sprintf("%q", f.name), err)
	case uint64(n) != f.UncompressedSize64:
		return damaged("%q has %d bytes, not %d", f.name, n, f.UncompressedSize64)
	case sum.Sum32() != f.CRC32:
		return damaged("%q is damaged: its checksum is wrong", f.name)
	}
	return nil
}
