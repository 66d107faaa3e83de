package preview

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"

	"mcp-server/sdk"
)

const (
	maxDirectoryBytes = 64 << 20
	maxEntries        = 500_000
	absurdRatio       = 200 // text rarely packs 20:1, zeros 1000:1
	absurdSize        = 16 << 20
	encryptedFlag     = 1
)

// archive is an opened zip. Its folders are not files and not counted.
type archive struct {
	content *io.SectionReader
	end     directoryEnd
	files   []file
}

// file is one file of an archive, with the name that listings show and callers use.
type file struct {
	*zip.File
	name string
}

func (f file) encrypted() bool { return f.Flags&encryptedFlag != 0 }

// size is the unpacked size that the directory claims.
func (f file) size() int64 { return int64(min(f.UncompressedSize64, math.MaxInt64)) }

func (f file) entry() sdk.Entry {
	return sdk.Entry{Name: f.name, Size: f.size(), Encrypted: f.encrypted()}
}

// openArchive reads the directory, in bounded memory whatever it claims.
func openArchive(content *io.SectionReader) (*archive, error) {
	end, err := readDirectoryEnd(content)
	if err != nil {
		return nil, err
	}
	switch {
	case end.volumes:
		return nil, locked("the zip is one part of several and cannot be read alone")
	case end.records > maxEntries:
		return nil, tooBig("the zip claims %d files, more than %d, and is not read; %s", end.records, maxEntries, storedWhole)
	case end.size > maxDirectoryBytes:
		return nil, tooBig("the zip claims a directory of %s, more than %s, and is not read; %s",
			amount(int64(min(end.size, math.MaxInt64))), amount(maxDirectoryBytes), storedWhole)
	}
	limited := &rationed{content: content, left: maxDirectoryBytes + 4*longestTail}
	reader, err := zip.NewReader(limited, content.Size())
	if err != nil {
		return nil, explained("the zip's directory", err)
	}
	limited.left = math.MaxInt64
	a := &archive{content: content, end: end, files: make([]file, 0, len(reader.File))}
	for n, f := range reader.File {
		if !strings.HasSuffix(f.Name, "/") {
			a.files = append(a.files, file{f, entryName(f.Name, n)})
		}
	}
	return a, nil
}

// rationed bounds what archive/zip reads of a directory, which it does not end where the directory says it ends.
type rationed struct {
	content io.ReaderAt
	left    int64
}

func (r *rationed) ReadAt(p []byte, offset int64) (int, error) {
	if r.left < int64(len(p)) {
		return 0, tooBig("the zip's directory is longer than %s and is not read; %s", amount(maxDirectoryBytes), storedWhole)
	}
	n, err := r.content.ReadAt(p, offset)
	if r.left < math.MaxInt64 {
		r.left -= int64(n)
	}
	return n, err
}

// unpacked is what all files claim to unpack to.
func (a *archive) unpacked() int64 {
	total := int64(0)
	for _, f := range a.files {
		total += min(f.size(), math.MaxInt64-total)
	}
	return total
}

// overlaps says whether the files claim more packed bytes than the zip has, so that some are counted twice.
func (a *archive) overlaps() bool {
	left := uint64(a.content.Size())
	for _, f := range a.files {
		if f.CompressedSize64 > left {
			return true
		}
		left -= f.CompressedSize64
	}
	return false
}

// problems names everything about the archive that a reader should know before trusting it.
func (a *archive) problems() string {
	var encrypted, outside, links, twice, absurd int
	var outsideName, twiceName, absurdName string
	seen := make(map[string]bool, len(a.files))
	for _, f := range a.files {
		if f.encrypted() {
			encrypted++
		}
		if f.Mode()&fs.ModeSymlink != 0 {
			links++
		}
		if leadsOutside(f.Name) {
			outside, outsideName = outside+1, f.name
		}
		if seen[f.name] {
			twice, twiceName = twice+1, f.name
		}
		seen[f.name] = true
		if f.size() > absurdSize && f.UncompressedSize64/absurdRatio > f.CompressedSize64 {
			absurd, absurdName = absurd+1, fmt.Sprintf("%s: %s from %s", f.name, amount(f.size()), amount(int64(f.CompressedSize64)))
		}
	}
	said := func(n int, format string, args ...any) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(format, args...)
	}
	foreign := ""
	if a.end.foreign() != 0 {
		foreign = "something stands before the archive that is not part of it, as when a larger archive was cut off"
	}
	overlaps := ""
	if a.overlaps() {
		overlaps = "files of the zip overlap, as in a decompression bomb"
	}
	return joined(foreign, overlaps,
		said(encrypted, "%d of %s encrypted and cannot be read here", encrypted, counted(len(a.files), "file is", "files are")),
		said(outside, "%s outside the folder (%s); do not unpack with a tool that follows such names", counted(outside, "name leads", "names lead"), outsideName),
		said(links, "%s; do not unpack with a tool that follows them", counted(links, "file is a symbolic link", "files are symbolic links")),
		said(twice, "%s more than once (%s); of these the last is read", counted(twice, "name occurs", "names occur"), twiceName),
		said(absurd, "%s, as in a decompression bomb (%s)", counted(absurd, "file unpacks to an absurd size", "files unpack to an absurd size"), absurdName),
	)
}
