package preview

import "mcp-server/sdk"

// Selection says which part of a content to read.
type Selection struct {
	Entry  string `json:"entry,omitempty"` // a file inside a zip, by the name that a listing shows
	Sheet  string `json:"sheet,omitempty"` // a sheet of a workbook; the first by default
	Offset int64  `json:"offset,omitempty"`
	Limit  int64  `json:"limit,omitempty"` // zero: a default for the kind of content
}

// Part is one bounded, readable part of a content. A text is read in bytes of its UTF-8 form without byte order mark, a
// zip in files (folders are not counted), a sheet in rows, the header being row 0. Reading on at NextOffset until
// there is none gives the whole: the texts of all parts, one after the other, are the whole text.
type Part struct {
	Kind       string      `json:"kind" jsonschema:"enum=text,enum=zip,enum=xlsx,enum=binary" jsonschema_description:"What the content is, by its bytes."`
	Entry      string      `json:"entry,omitempty" jsonschema_description:"The file inside the zip that this part is of."`
	Sheet      string      `json:"sheet,omitempty" jsonschema_description:"The sheet that the rows are of."`
	Unit       string      `json:"unit" jsonschema:"enum=bytes,enum=entries,enum=rows" jsonschema_description:"What offset, next_offset and total count."`
	Offset     int64       `json:"offset" jsonschema_description:"Where this part begins."`
	NextOffset int64       `json:"next_offset,omitempty" jsonschema_description:"The offset that reads on; absent at the end."`
	Total      int64       `json:"total,omitempty" jsonschema_description:"Size of the whole, where it is known."`
	Text       string      `json:"text,omitempty" jsonschema_description:"This part of a text."`
	Rows       [][]string  `json:"rows,omitempty" jsonschema_description:"This part of a sheet, cells as they are displayed."`
	Entries    []sdk.Entry `json:"entries,omitempty" jsonschema_description:"This part of the list of files in a zip; name one as entry to read it."`
	Sheets     []string    `json:"sheets,omitempty" jsonschema_description:"The workbook's first 100 sheets, with its first rows only."`
	Note       string      `json:"note,omitempty" jsonschema_description:"What else to know of this part."`
}

// units of the offsets.
const (
	unitBytes   = "bytes"
	unitEntries = "entries"
	unitRows    = "rows"
)

// window is how much one call reads of something, by default and at most.
type window struct {
	unit           string
	standard, most int64
}

var (
	textWindow  = window{unitBytes, 16 << 10, 64 << 10}
	entryWindow = window{unitEntries, 100, 1000}
	rowWindow   = window{unitRows, 50, 1000}
)

// maxPartJSON bounds the rows and entries of one part.
const maxPartJSON = 64 << 10

func (w window) limit(s Selection) (int64, error) {
	if s.Limit > w.most {
		return 0, sdk.InvalidArgument("limit", "is %d; of this content one call reads 1 to %d %s; read on with next_offset", s.Limit, w.most, w.unit)
	}
	if s.Limit == 0 {
		return w.standard, nil
	}
	return s.Limit, nil
}

// check refuses what no kind of content allows.
func (s Selection) check() error {
	const longest = 4096
	switch {
	case s.Offset < 0:
		return sdk.InvalidArgument("offset", "is %d; the first is 0", s.Offset)
	case s.Limit < 0 || s.Limit > textWindow.most:
		return sdk.InvalidArgument("limit", "is %d; it is 1 to %d for bytes of text, to %d for files of a zip, to %d for rows of a sheet; leave it out for a default",
			s.Limit, textWindow.most, entryWindow.most, rowWindow.most)
	case len(s.Entry) > longest:
		return sdk.InvalidArgument("entry", "has %d bytes, at most %d; use a name from the listing", len(s.Entry), longest)
	case len(s.Sheet) > longest:
		return sdk.InvalidArgument("sheet", "has %d bytes, at most %d; use a name from the preview", len(s.Sheet), longest)
	}
	return nil
}

// noEntry and noSheet refuse to select inside something that has no inside.
func (s Selection) noEntry(kind string) error {
	if s.Entry == "" {
		return nil
	}
	return sdk.InvalidArgument("entry", "names a file inside a zip, but the content is %s; leave it out", described(kind))
}

func (s Selection) noSheet(kind string) error {
	if s.Sheet == "" {
		return nil
	}
	return sdk.InvalidArgument("sheet", "names a sheet of a workbook, but the content is %s; leave it out", described(kind))
}

func described(kind string) string {
	switch kind {
	case kindText:
		return "plain text"
	case kindZip:
		return "a zip without a workbook"
	case kindXlsx:
		return "a workbook"
	}
	return "neither text nor zip"
}
