package preview

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
)

const (
	maxWorkbook    = 64 << 20  // of the file
	maxWorkbookXML = 256 << 20 // unpacked, of the parts that are read
)

// Workbook is an opened xlsx. Its methods may panic on a damaged one.
type Workbook interface {
	// Sheets are the names of the sheets, in their order.
	Sheets() []string
	// Rows walks over the rows of a sheet, also over empty ones, and ends with an error when the sheet cannot be read. The cells of a row
	// are decoded when they are asked for.
	Rows(sheet string) iter.Seq2[func() ([]string, error), error]
	// Close removes what was spooled.
	Close() error
}

// OpenWorkbook opens the xlsx at a path, whose parts unpack to at most so many bytes, and spools to tempDir.
type OpenWorkbook func(path, tempDir string, unpacked int64) (Workbook, error)

// book is an opened xlsx, with what is damaged in its parts that were readable in part.
type book struct {
	Workbook
	damage string
}

func (a *archive) isWorkbook() bool {
	for _, f := range a.files {
		if partName(f) == "xl/workbook.xml" {
			return true
		}
	}
	return false
}

// partName is the name by which a workbook's reader looks for a part.
func partName(f file) string {
	name := strings.ReplaceAll(f.Name, `\`, "/")
	switch lower := strings.ToLower(name); lower {
	case "xl/workbook.xml", "xl/styles.xml":
		return lower
	case "xl/sharedstrings.xml":
		return "xl/sharedStrings.xml"
	case "[content_types].xml":
		return "[Content_Types].xml"
	}
	return name
}

// needed says whether a part has cells or what they refer to. Pictures, charts and caches are left out: a reader would
// unpack them into memory.
func needed(name string) bool {
	lower := strings.ToLower(name)
	if lower == "[content_types].xml" || lower == "_rels/.rels" || lower == "xl/_rels/workbook.xml.rels" {
		return true
	}
	if !strings.HasPrefix(lower, "xl/") || !strings.HasSuffix(lower, ".xml") || lower == "xl/calcchain.xml" {
		return false
	}
	folder, _, nested := strings.Cut(strings.TrimPrefix(lower, "xl/"), "/")
	return !nested || strings.HasSuffix(folder, "sheets") || folder == "theme"
}

// openWorkbook unpacks the needed parts into a spool, bounded by what is really there, and opens that: the reader
// neither notices wrong checksums nor bounds what it takes into memory by anything but claims.
func (w worker) openWorkbook(a *archive) (*book, error) {
	if a.content.Size() > maxWorkbook {
		return nil, tooBig("the workbook has %s; workbooks are opened up to %s", amount(a.content.Size()), amount(maxWorkbook))
	}
	spool, err := os.CreateTemp(w.tempDir, "workbook-")
	if err != nil {
		return nil, fmt.Errorf("making a spool file: %w", err)
	}
	damage, err := repack(spool, a)
	if err := errors.Join(err, spool.Close()); err != nil {
		return nil, err
	}
	b := &book{damage: damage}
	err = sturdy(func() (err error) {
		b.Workbook, err = w.openBook(spool.Name(), w.tempDir, maxWorkbookXML)
		return err
	})
	if err != nil {
		return nil, damaged("the workbook is damaged (%s)", joined(shown(err.Error()), damage))
	}
	return b, nil
}

// repack writes the needed parts into a zip that packs nothing.
func repack(spool io.Writer, a *archive) (damage string, err error) {
	parts := map[string]file{}
	for _, f := range a.files {
		if name := partName(f); needed(name) {
			parts[name] = f
		}
	}
	left := int64(maxWorkbookXML)
	out := zip.NewWriter(spool)
	for _, f := range a.files { // in their order, so that the same file gives the same answer
		name := partName(f)
		if parts[name].File != f.File {
			continue
		}
		if f.encrypted() {
			return "", locked("the workbook has encrypted parts")
		}
		to, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return "", fmt.Errorf("spooling the workbook: %w", err)
		}
		n, err := unpackPart(to, f, left)
		left -= n
		switch {
		case left < 0:
			return "", tooBig("the workbook unpacks to more than %s and is not opened", amount(maxWorkbookXML))
		case err != nil && n == 0:
			return "", err
		case err != nil:
			damage = joined(damage, err.Error())
		}
	}
	return shortened(damage, 400), out.Close()
}

// unpackPart copies one part and returns more than left when that does not suffice.
func unpackPart(to io.Writer, f file, left int64) (int64, error) {
	what := fmt.Sprintf("the part %q", f.name)
	packed, err := f.Open()
	if err != nil {
		return 0, explained(what, err)
	}
	defer func() { _ = packed.Close() }() // only read
	n, err := io.CopyN(to, packed, left+1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, explained(what, err)
}

// sturdy turns a panic into an error: some damaged workbooks make their reader panic, and the zip around is still readable.
func sturdy(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged("the workbook is damaged in a way that its reader does not survive")
		}
	}()
	return do()
}
