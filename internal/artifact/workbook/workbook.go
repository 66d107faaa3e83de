// Package workbook opens xlsx files with excelize, for [mcp-server/internal/artifact/preview]. It is a package of its own so
// that only the program that reads stored files links excelize, whose start takes milliseconds. Start reading at [Open].
package workbook

import (
	"iter"

	"github.com/xuri/excelize/v2"
)

// maxPart is what is kept in memory of one part; sheets that are larger are streamed.
const maxPart = 16 << 20

// Book is an opened xlsx.
type Book struct{ file *excelize.File }

// Open opens the xlsx at path, whose parts unpack to at most so many bytes; what does not fit into memory is spooled to
// tempDir. A damaged file may make it panic, and the methods of what it returns too: excelize does.
func Open(path, tempDir string, unpacked int64) (*Book, error) {
	file, err := excelize.OpenFile(path, excelize.Options{
		UnzipSizeLimit: unpacked, UnzipXMLSizeLimit: maxPart, TmpDir: tempDir,
		ShortDatePattern: "yyyy-mm-dd", // the one that nobody misreads, for dates shown as the reader's country does
	})
	if err != nil {
		if file != nil {
			_ = file.Close() // it only removes what it spooled
		}
		return nil, err
	}
	return &Book{file}, nil
}

// Sheets are the names of the sheets, in their order.
func (b *Book) Sheets() []string { return b.file.GetSheetList() }

// Rows walks over the rows of a sheet from the first one on, also over empty ones, and ends with an error when the sheet
// cannot be read. The cells of a row are decoded when they are asked for.
func (b *Book) Rows(sheet string) iter.Seq2[func() ([]string, error), error] {
	return func(yield func(func() ([]string, error), error) bool) {
		rows, err := b.file.Rows(sheet)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = rows.Close() }() // only read
		for rows.Next() {
			if !yield(func() ([]string, error) { return rows.Columns() }, nil) {
				return
			}
		}
		if err := rows.Error(); err != nil {
			yield(nil, err)
		}
	}
}

// Close removes what was spooled.
func (b *Book) Close() error { return b.file.Close() }
