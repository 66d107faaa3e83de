package emulator

import (
	"bytes"
	"testing"
)

// A second emulator must hold the same bytes, or a golden file of a download would change with every run.
func TestBodiesAreDeterministic(t *testing.T) {
	t.Parallel()
	build := func() (all []byte) {
		for _, sheets := range [][]sheet{htapSheets(), htapSheetsChinese()} {
			body, err := workbook(sheets)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, body...)
		}
		packed, err := zipFile([]entry{{name: "网络.tf", body: []byte("x")}, {name: "b.bin", body: ballast(1000)}})
		if err != nil {
			t.Fatal(err)
		}
		templates, err := rfsTemplates()
		if err != nil {
			t.Fatal(err)
		}
		for _, template := range templates {
			for _, version := range template.versions {
				all = append(all, version.body...)
			}
		}
		return append(all, packed...)
	}
	if first, second := build(), build(); !bytes.Equal(first, second) {
		t.Error("the same input gave other bytes")
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		e, err := Start(b.Context(), Config{})
		if err != nil {
			b.Fatal(err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
