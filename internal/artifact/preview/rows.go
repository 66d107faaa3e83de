package preview

import (
	"strings"

	"mcp-server/sdk"
)

const (
	maxColumns    = 100
	maxCellBytes  = 4 << 10
	maxSheetNames = 100
)

// readRows returns rows of a sheet, by default the first.
func (w worker) readRows(a *archive, s Selection) (Part, error) {
	limit, err := rowWindow.limit(s)
	if err != nil {
		return Part{}, err
	}
	b, err := w.openWorkbook(a)
	if err != nil {
		return Part{}, err
	}
	defer func() { _ = b.Close() }() // it only removes what it spooled
	names := b.Sheets()
	name, err := findSheet(names, s.Sheet)
	if err != nil {
		return Part{}, err
	}
	part := Part{Kind: kindXlsx, Unit: unitRows, Sheet: shown(name), Offset: s.Offset, Note: b.damage}
	if s.Offset == 0 {
		for _, n := range names[:min(len(names), maxSheetNames)] {
			part.Sheets = append(part.Sheets, shown(n))
		}
	}
	err = sturdy(func() error { return b.rows(&part, name, limit) })
	if err != nil {
		return Part{}, damaged("the sheet %q is damaged (%s); to see its text all the same, read its XML as an entry", part.Sheet, shown(err.Error()))
	}
	return part, nil
}

// rows fills a part with the rows from its offset on.
func (b *book) rows(part *Part, name string, limit int64) error {
	left, at := maxPartJSON, int64(0)
	for read, err := range b.Rows(name) {
		if err != nil {
			return err
		}
		if at < part.Offset {
			at++
			continue
		}
		if at-part.Offset == limit {
			part.NextOffset = at
			return nil
		}
		cells, err := read()
		if err != nil {
			return err
		}
		row := part.shorten(cells)
		size := jsonSize(row)
		if size > left && len(part.Rows) > 0 {
			part.NextOffset = at
			return nil
		}
		if size > left {
			row = part.squeeze(row, left)
		}
		left -= size
		part.Rows = append(part.Rows, row)
		at++
	}
	part.Total = at
	if len(part.Rows) == 0 {
		part.Note = joined(part.Note, beyond(part.Offset, at, unitRows))
	}
	return nil
}

const (
	noteColumns = "only the first 100 columns are given; the file at the artifact's path has all"
	noteCells   = "long cells are cut at …; the file at the artifact's path has all"
)

// shorten bounds a row. It is never nil, which would be null in JSON.
func (p *Part) shorten(cells []string) []string {
	if len(cells) > maxColumns {
		cells = cells[:maxColumns]
		p.remark(noteColumns)
	}
	row := make([]string, 0, len(cells))
	for _, cell := range cells {
		if len(cell) > maxCellBytes {
			cell = shortened(cell, maxCellBytes)
			p.remark(noteCells)
		}
		row = append(row, cell)
	}
	return row
}

// squeeze cuts the cells of a row that alone is too much for a part.
func (p *Part) squeeze(row []string, bytes int) []string {
	p.remark(noteCells)
	for most := maxCellBytes / 2; jsonSize(row) > bytes && most > 0; most /= 2 {
		for n, cell := range row {
			row[n] = shortened(cell, most)
		}
	}
	return row
}

func (p *Part) remark(note string) {
	if !strings.Contains(p.Note, note) {
		p.Note = joined(p.Note, note)
	}
}

// findSheet returns the sheet of a name, as Excel without regard to case, or the first.
func findSheet(names []string, wanted string) (string, error) {
	if len(names) == 0 {
		return "", damaged("the workbook is damaged: it has no sheets")
	}
	if wanted == "" {
		return names[0], nil
	}
	for _, name := range names {
		if strings.EqualFold(name, wanted) || strings.EqualFold(shown(name), wanted) {
			return name, nil
		}
	}
	const most = 10
	var first []string
	for _, name := range names[:min(len(names), most)] {
		first = append(first, shown(name))
	}
	return "", sdk.InvalidArgument("sheet", "names %q, which is not in the workbook; of %s the first are %q",
		shown(wanted), counted(len(names), "sheet", "sheets"), first)
}
