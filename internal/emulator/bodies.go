package emulator

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/xuri/excelize/v2"
)

// sheet is one sheet of a workbook; its first row is the header.
type sheet struct {
	name string
	rows [][]string
}

// workbook builds a real xlsx. The same sheets give the same bytes: excelize writes fixed times.
func workbook(sheets []sheet) ([]byte, error) {
	file := excelize.NewFile()
	defer func() { _ = file.Close() }()
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, fmt.Errorf("building a workbook: %w", err)
	}
	for n, sheet := range sheets {
		if err := addSheet(file, n, sheet, bold); err != nil {
			return nil, fmt.Errorf("building the sheet %s: %w", sheet.name, err)
		}
	}
	buffer, err := file.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("building a workbook: %w", err)
	}
	return buffer.Bytes(), nil
}

func addSheet(file *excelize.File, n int, s sheet, header int) error {
	if n == 0 {
		if err := file.SetSheetName(file.GetSheetName(0), s.name); err != nil {
			return err
		}
	} else if _, err := file.NewSheet(s.name); err != nil {
		return err
	}
	for row, cells := range s.rows {
		cell, err := excelize.CoordinatesToCellName(1, row+1)
		if err != nil {
			return err
		}
		if err := file.SetSheetRow(s.name, cell, &cells); err != nil {
			return err
		}
	}
	if err := file.SetColWidth(s.name, "A", "F", 28); err != nil {
		return err
	}
	return file.SetRowStyle(s.name, 1, 1, header)
}

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
