package emulator

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
)

// TestWorkbooksAreReal has a library read what is written without one.
func TestWorkbooksAreReal(t *testing.T) {
	t.Parallel()
	odd := sheet{name: `a "b" & <c>`, rows: [][]string{{"x", "x", "", " y "}, {}, {"两\nlines", "=1+1", "<&>'\"", "007"}}}
	for _, sheets := range [][]sheet{htapSheets(), htapSheetsChinese(), {odd}} {
		body, err := workbook(sheets)
		if err != nil {
			t.Fatal(err)
		}
		file, err := excelize.OpenReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for n, s := range sheets {
			if got := file.GetSheetName(n); got != s.name {
				t.Errorf("sheet %d is called %q, want %q", n, got, s.name)
			}
			rows, err := file.GetRows(s.name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s.rows, rows, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("rows of %q (-want +got):\n%s", s.name, diff)
			}
			style, err := file.GetCellStyle(s.name, "A1")
			if err != nil {
				t.Fatal(err)
			}
			if look, err := file.GetStyle(style); err != nil || look.Font == nil || !look.Font.Bold {
				t.Errorf("the header of %q is not bold: %+v, %v", s.name, look, err)
			}
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
