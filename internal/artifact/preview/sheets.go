package preview

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"mcp-server/sdk"
)

const (
	previewSheets    = 10
	previewRows      = 6 // the header and five more
	previewColumns   = 20
	previewCell      = 100 // characters
	previewCellJSON  = 4 << 10
	countedCells     = 300_000 // of all sheets, after which dimensions are only a lower bound
	maxSummarySheets = 300     // bytes of the summary
)

func (w worker) previewWorkbook(a *archive) (p *sdk.Preview, err error) {
	b, err := w.openWorkbook(a)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }() // it only removes what it spooled
	names := b.Sheets()
	if len(names) == 0 {
		return nil, damaged("the workbook is damaged: it has no sheets")
	}
	p = &sdk.Preview{Kind: kindXlsx, Problem: joined(b.damage, a.problems()), Truncated: len(names) > previewSheets}
	h := header{cells: countedCells, bytes: previewCellJSON}
	var listed []string
	for n, name := range names[:min(len(names), previewSheets)] {
		h.share = h.bytes / (min(len(names), previewSheets) - n)
		var sheet sdk.Sheet
		err := sturdy(func() (err error) {
			sheet, err = h.read(b, name)
			return err
		})
		if err != nil {
			p.Problem = joined(p.Problem, fmt.Sprintf("the sheet %q could not be read", shown(name)))
		}
		sheet.Name = shown(name)
		p.Sheets = append(p.Sheets, sheet)
		listed = append(listed, fmt.Sprintf("%s (%d × %d)", sheet.Name, sheet.Rows, sheet.Columns))
	}
	p.Truncated = p.Truncated || h.cut
	p.Summary = fmt.Sprintf("workbook of %s, rows × columns: %s", counted(len(names), "sheet", "sheets"), shortened(strings.Join(listed, ", "), maxSummarySheets))
	if h.cells <= 0 {
		p.Summary += "; dimensions are lower bounds"
	}
	return p, nil
}

// header reads the beginnings of sheets and counts the rest, with a budget for all of them.
type header struct {
	cells int // still counted
	bytes int // still shown
	share int // of the bytes, for the next sheet
	cut   bool
}

// read counts what is there instead of trusting the dimension that a sheet claims, which many writers leave at A1.
func (h *header) read(b *book, name string) (sheet sdk.Sheet, err error) {
	full, n := false, 0
	for read, err := range b.Rows(name) {
		if err != nil {
			return sheet, err
		}
		if h.cells <= 0 {
			break
		}
		n++
		cells, err := read()
		if err != nil {
			return sheet, err
		}
		if len(cells) == 0 {
			continue
		}
		h.cells -= len(cells)
		sheet.Rows, sheet.Columns = n, max(sheet.Columns, len(cells))
		if n > previewRows || full {
			full = true
			continue
		}
		for len(sheet.Head) < n-1 {
			sheet.Head = append(sheet.Head, []string{}) // empty rows keep the numbers of the others right
		}
		var row []string
		if row, full = h.shorten(cells); len(row) > 0 {
			sheet.Head = append(sheet.Head, row)
		}
	}
	h.cut = h.cut || full || h.cells <= 0
	return sheet, nil
}

// shorten returns what is shown of a row, and whether it was the last because of its size.
func (h *header) shorten(cells []string) (row []string, last bool) {
	if len(cells) > previewColumns {
		cells, h.cut = cells[:previewColumns], true
	}
	for _, cell := range cells {
		text := cell
		if utf8.RuneCountInString(text) > previewCell {
			text, h.cut = string([]rune(text)[:previewCell])+"…", true
		}
		size := jsonSize(text)
		if size > h.share {
			return row, true
		}
		h.share -= size
		h.bytes -= size
		row = append(row, text)
	}
	return row, false
}
