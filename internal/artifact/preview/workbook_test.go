package preview

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"mcp-server/sdk"
)

func TestWorkbookPreview(t *testing.T) {
	t.Parallel()
	rows := [][]any{{"名称", "大小", "日期"}}
	for n := range 20 {
		rows = append(rows, []any{fmt.Sprintf("实例-%d", n), n, time.Date(2025, 7, 3, 0, 0, 0, 0, time.UTC), true}[:3+n/19])
	}
	content := xlsx(t, page{"实例", rows}, page{"空", nil}, page{"gaps", [][]any{nil, {"", "b2"}, nil, nil, nil, nil, nil, {"a8"}}})
	r := reader(t, "child-serve")
	got := r.Preview(t.Context(), stored(t, content), "t.xlsx")
	want := &sdk.Preview{
		Kind: kindXlsx, Summary: "workbook of 3 sheets, rows × columns: 实例 (21 × 4), 空 (0 × 0), gaps (8 × 2)", Truncated: true,
		Sheets: []sdk.Sheet{
			{Name: "实例", Rows: 21, Columns: 4, Head: [][]string{
				{"名称", "大小", "日期"}, {"实例-0", "0", "2025-07-03"}, {"实例-1", "1", "2025-07-03"},
				{"实例-2", "2", "2025-07-03"}, {"实例-3", "3", "2025-07-03"}, {"实例-4", "4", "2025-07-03"},
			}},
			{Name: "空"},
			{Name: "gaps", Rows: 8, Columns: 2, Head: [][]string{{}, {"", "b2"}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	wantEmpty(t, r.TempDir)
}

func TestWorkbookPreviewIsSmall(t *testing.T) {
	t.Parallel()
	var pages []page
	for n := range 12 {
		var rows [][]any
		for range 30 {
			rows = append(rows, slicesOf(30, strings.Repeat("资", 120)))
		}
		pages = append(pages, page{fmt.Sprintf("sheet %d", n), rows})
	}
	p := worker{tempDir: t.TempDir(), openBook: openBook}.previewArchive(section(xlsx(t, pages...)), false)
	if len(p.Sheets) != 10 || !p.Truncated || jsonSize(p) > 6<<10 || p.Problem != "" {
		t.Errorf("%d sheets in %d bytes: %s", len(p.Sheets), jsonSize(p), p.Problem)
	}
	for _, s := range p.Sheets {
		if s.Rows != 30 || s.Columns != 30 || len(s.Head) == 0 || s.Head[0][0] != strings.Repeat("资", 100)+"…" {
			t.Errorf("%+v", s)
		}
	}
	p = worker{tempDir: t.TempDir(), openBook: openBook}.previewArchive(section(xlsx(t, page{"wide", [][]any{slicesOf(30, "x")}})), false)
	if len(p.Sheets[0].Head[0]) != 20 || !p.Truncated {
		t.Errorf("%+v", p)
	}
}

func slicesOf(n int, value any) []any {
	row := make([]any, n)
	for at := range row {
		row[at] = value
	}
	return row
}

// TestRowsInPartsAreTheSheet compares parts of every size with what excelize reads in one go.
func TestRowsInPartsAreTheSheet(t *testing.T) {
	t.Parallel()
	content := xlsx(t, page{"first", nil}, page{"Data", [][]any{{"a", "b"}, nil, {"", "c"}, nil, nil, {1, 2, 3}, {"x"}, nil, {"end"}}})
	book, err := excelize.OpenReader(bytes.NewReader(content))
	must(t, err)
	defer func() { _ = book.Close() }()
	want, err := book.GetRows("Data")
	must(t, err)
	for n := range want {
		if want[n] == nil {
			want[n] = []string{}
		}
	}
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	for limit := int64(1); limit < 12; limit++ {
		var rows [][]string
		for at := int64(0); ; {
			part, err := w.read(t.Context(), section(content), Selection{Sheet: "data", Offset: at, Limit: limit})
			must(t, err)
			if part.Sheet != "Data" || part.Unit != unitRows || part.Offset != at || (part.NextOffset == 0) != (part.Total == 9) || (part.Sheets != nil) != (at == 0) {
				t.Fatalf("%+v", part)
			}
			rows = append(rows, part.Rows...)
			if at = part.NextOffset; at == 0 {
				break
			}
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("by %d (-want +got):\n%s", limit, diff)
		}
	}
	part, err := w.read(t.Context(), section(content), Selection{})
	if err != nil || part.Sheet != "first" || len(part.Rows) != 0 || !cmp.Equal(part.Sheets, []string{"first", "Data"}) || part.Note == "" {
		t.Errorf("by default: %+v, %v", part, err)
	}
	for _, offset := range []int64{9, 10, 1 << 40, 1<<63 - 1} {
		part, err = w.read(t.Context(), section(content), Selection{Sheet: "Data", Offset: offset})
		if err != nil || len(part.Rows) != 0 || part.NextOffset != 0 || !strings.Contains(part.Note, "the content has 9 rows") {
			t.Errorf("beyond the end: %+v, %v", part, err)
		}
	}
	_, err = w.read(t.Context(), section(content), Selection{Sheet: "Date"})
	wantCode(t, err, sdk.CodeInvalidArgument, `"sheet" names "Date", which is not in the workbook; of 2 sheets the first are ["first" "Data"]`)
	_, err = w.read(t.Context(), section(content), Selection{Limit: 1001})
	wantCode(t, err, sdk.CodeInvalidArgument, "1 to 1000 rows")
	part, err = w.read(t.Context(), section(content), Selection{Entry: "xl/workbook.xml"})
	if err != nil || part.Kind != kindText || !strings.Contains(part.Text, "<workbook") {
		t.Errorf("a part as an entry: %+v, %v", part, err)
	}
}

func TestLargeRows(t *testing.T) {
	t.Parallel()
	rows := [][]any{slicesOf(150, strings.Repeat("资", 10000)), slicesOf(3, strings.Repeat("x", 5000)), {"end"}}
	for range 500 {
		rows = append(rows, slicesOf(10, strings.Repeat("y", 30)))
	}
	content := section(xlsx(t, page{"a", rows}))
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	count, notes := 0, ""
	for at := int64(0); ; {
		part, err := w.read(t.Context(), content, Selection{Offset: at, Limit: 1000})
		must(t, err)
		if size := jsonSize(part); size > maxPartJSON+1000 || part.Offset != at || len(part.Rows) == 0 {
			t.Fatalf("%d bytes, %d rows at %d", size, len(part.Rows), at)
		}
		count, notes = count+len(part.Rows), notes+part.Note
		if len(part.Rows[0]) > 100 {
			t.Errorf("%d columns", len(part.Rows[0]))
		}
		if at = part.NextOffset; at == 0 {
			break
		}
	}
	if count != len(rows) {
		t.Errorf("%d rows of %d", count, len(rows))
	}
	wantText(t, notes, noteCells, noteColumns)
}

func TestDamagedWorkbooks(t *testing.T) {
	t.Parallel()
	whole := xlsx(t, page{"a", [][]any{{"k", "v"}, {"x", "y"}}}, page{"b", [][]any{{"z"}}})
	sheet := "xl/worksheets/sheet1.xml"
	flip := func(name string) []byte {
		content := zipOf(t, append(others(t, whole, name), member{name: name, body: "<nothing/>", stored: true})...)
		return bytes.Replace(content, []byte("<nothing/>"), []byte("<nothin?/>"), 1)
	}
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	for name, c := range map[string]struct {
		content []byte
		kind    string
		said    string
	}{
		"no workbook":        {replace(t, whole, "xl/workbook.xml", ""), kindZip, "damaged"},
		"half a workbook":    {replace(t, whole, "xl/workbook.xml", "<workbook><sheets><sheet name="), kindZip, "damaged"},
		"no relations":       {replace(t, whole, "xl/_rels/workbook.xml.rels", "<Relationships/>"), kindZip, "damaged"},
		"spoilt sheet":       {flip(sheet), kindXlsx, `the part "xl/worksheets/sheet1.xml" is damaged: its checksum is wrong`},
		"spoilt strings":     {flip("xl/sharedStrings.xml"), kindXlsx, `the part "xl/sharedStrings.xml" is damaged: its checksum is wrong; the sheet "a" could not be read`},
		"broken strings":     {replace(t, whole, "xl/sharedStrings.xml", "<sst><si><t>"), kindXlsx, `the sheet "a" could not be read`},
		"bad reference":      {replace(t, whole, sheet, `<worksheet><sheetData><row r="1"><c r="1A"><v>1</v></c></row></sheetData></worksheet>`), kindXlsx, `the sheet "a" could not be read`},
		"too many rows":      {replace(t, whole, sheet, `<worksheet><sheetData><row r="99999999"><c r="A1"><v>1</v></c></row></sheetData></worksheet>`), kindXlsx, `the sheet "a" could not be read`},
		"encrypted parts":    {encrypted(whole), kindZip, "the workbook has encrypted parts; its files are listed instead"},
		"a picture is fine":  {replace(t, whole, "xl/media/image1.png", "\x89PNG"), kindXlsx, ""},
		"something outside":  {replace(t, whole, "../x", "y"), kindXlsx, "leads outside"},
		"prefix":             {append([]byte("PK\x03\x04"), whole...), kindXlsx, "something stands before the archive"},
		"workbook, no parts": {zipOf(t, member{name: "xl/workbook.xml", body: "<workbook/>"}), kindZip, "damaged"},
	} {
		p := w.previewArchive(section(c.content), false)
		if p.Kind != c.kind || (p.Problem == "") != (c.said == "") || !strings.Contains(p.Problem, c.said) || len(p.Entries)+len(p.Sheets) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	part, err := w.read(t.Context(), section(flip(sheet)), Selection{})
	must(t, err)
	wantText(t, part.Note, "sheet1.xml", "is damaged")
	_, err = w.read(t.Context(), section(flip("xl/sharedStrings.xml")), Selection{})
	wantCode(t, err, sdk.CodeDataLoss, `the sheet "a" is damaged`, "read its XML as an entry")
	for cut := 0; cut < len(whole); cut += 7 {
		if p := w.previewArchive(section(whole[:cut]), false); p.Kind != kindZip || !strings.Contains(p.Problem, "damaged") {
			t.Errorf("cut at %d: %+v", cut, p)
		}
	}
}

// TestWorkbookBombs end in a list of the workbook's files, whatever bound they meet.
func TestWorkbookBombs(t *testing.T) {
	t.Parallel()
	whole := xlsx(t, page{"a", [][]any{{"k", "v"}}})
	lengthen := func(name, before, block, after string, times int) []byte {
		packed, size := repeated(t, before, block, after, times)
		return addRaw(t, whole, name, packed, size)
	}
	for name, c := range map[string]struct {
		content []byte
		said    []string
	}{
		"endless strings": {lengthen("xl/sharedStrings.xml", "<sst>", strings.Repeat("<si/>", 200_000), "</sst>", 2000), []string{"the workbook unpacks to more than 256.0 MiB"}},
		"many strings":    {lengthen("xl/sharedStrings.xml", "<sst>", strings.Repeat("<si/>", 200_000), "</sst>", 60), []string{"512 MiB of memory", "could not be read within"}},
		"endless sheet":   {lengthen("xl/worksheets/sheet1.xml", "<worksheet><sheetData>", strings.Repeat("<row/>", 200_000), "</sheetData></worksheet>", 2000), []string{"the workbook unpacks to more than 256.0 MiB"}},
		"many styles": {lengthen("xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>`, strings.Repeat("<xf/>", 200_000), "</cellXfs></styleSheet>", 60), []string{
			"512 MiB of memory", "could not be read within", "the content could not be read;", // the runtime may end in a way of its own at the bound
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, file := reader(t, "child-serve"), stored(t, c.content)
			r.bounds.patience = 12 * time.Second
			p := r.Preview(t.Context(), file, "a.xlsx")
			found := false
			for _, said := range c.said {
				found = found || strings.Contains(p.Problem, said)
			}
			if p.Kind != kindZip || !found || strings.Contains(p.Problem, "the name ends in") || p.EntryCount < 5 || len(p.Entries) != p.EntryCount {
				t.Errorf("%+v", p)
			}
			wantEmpty(t, r.TempDir)
		})
	}
	r := reader(t, "child-serve")
	_, err := r.Read(t.Context(), stored(t, lengthen("xl/sharedStrings.xml", "<sst>", strings.Repeat("<si/>", 200_000), "</sst>", 2000)), "a.xlsx", Selection{Sheet: "a"})
	wantCode(t, err, sdk.CodeResourceExhausted, "unpacks to more than")
}

func TestALargeWorkbookIsListed(t *testing.T) {
	t.Parallel()
	content := xlsx(t, page{"a", [][]any{{"k"}}})
	large := addRaw(t, zipOf(t, member{name: "xl/workbook.xml", body: "<workbook/>"}), "xl/media/film", make([]byte, maxWorkbook), maxWorkbook)
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	p := w.previewArchive(section(large), false)
	if p.Kind != kindZip || p.EntryCount != 2 {
		t.Errorf("%+v", p)
	}
	wantText(t, p.Problem, "workbooks are opened up to 64.0 MiB; its files are listed instead")
	part, err := w.read(t.Context(), section(large), Selection{})
	if err != nil || len(part.Entries) != 2 {
		t.Errorf("%+v, %v", part, err)
	}
	wantText(t, part.Note, "its files are listed instead")
	_, err = w.read(t.Context(), section(large), Selection{Sheet: "a"})
	wantCode(t, err, sdk.CodeResourceExhausted, "opened up to 64.0 MiB")
	packed, size := repeated(t, "", strings.Repeat("x", 1<<20), "", 10<<10)
	film := addRaw(t, content, "xl/media/film", packed, size) // small, and 10 GiB unpacked, which nobody does
	if p := w.previewArchive(section(film), false); p.Kind != kindXlsx || p.Sheets[0].Rows != 1 {
		t.Errorf("%+v", p)
	}
}
