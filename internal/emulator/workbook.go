package emulator

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// sheet is one sheet of a workbook; its first row is the header.
type sheet struct {
	name string
	rows [][]string
}

// workbook builds a real xlsx of texts, with the header rows in bold (ECMA-376, part 1, chapter 18). It is written here and
// not by a library, because that would be most of the server's start. The same sheets give the same bytes.
func workbook(sheets []sheet) ([]byte, error) {
	texts := &sharedTexts{numbers: map[string]int{}}
	var types, names, links strings.Builder
	var parts []entry
	for n, s := range sheets {
		path := fmt.Sprintf("worksheets/sheet%d.xml", n+1)
		fmt.Fprintf(&types, `<Override PartName="/xl/%s" ContentType="%s.worksheet+xml"/>`, path, typePart)
		fmt.Fprintf(&names, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escaped(s.name), n+1, n+1)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/worksheet" Target="%s"/>`, n+1, relationOffice, path)
		parts = append(parts, part("xl/"+path, s.xml(texts)))
	}
	fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, len(sheets)+1, relationOffice)
	fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/sharedStrings" Target="sharedStrings.xml"/>`, len(sheets)+2, relationOffice)
	parts = append([]entry{
		part("[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`+
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`+
			`<Override PartName="/xl/workbook.xml" ContentType="`+typePart+`.sheet.main+xml"/>`+
			`<Override PartName="/xl/styles.xml" ContentType="`+typePart+`.styles+xml"/>`+
			`<Override PartName="/xl/sharedStrings.xml" ContentType="`+typePart+`.sharedStrings+xml"/>`+types.String()+`</Types>`),
		part("_rels/.rels", relationships(`<Relationship Id="rId1" Type="`+relationOffice+`/officeDocument" Target="xl/workbook.xml"/>`)),
		part("xl/workbook.xml", `<workbook xmlns="`+spaceSheet+`" xmlns:r="`+relationOffice+`"><sheets>`+names.String()+`</sheets></workbook>`),
		part("xl/_rels/workbook.xml.rels", relationships(links.String())),
		part("xl/styles.xml", styles),
	}, parts...)
	return zipFile(append(parts, part("xl/sharedStrings.xml", texts.xml())))
}

const (
	typePart       = "application/vnd.openxmlformats-officedocument.spreadsheetml"
	relationOffice = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	spaceSheet     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	// styles has two formats for cells: 0 is plain, 1 is bold.
	styles = `<styleSheet xmlns="` + spaceSheet + `">` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>`
)

func part(name, body string) entry {
	return entry{name: name, body: []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + body)}
}

func relationships(list string) string {
	return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + list + `</Relationships>`
}

// xml is the sheet's part. It has at most 26 columns.
func (s sheet) xml(texts *sharedTexts) string {
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="` + spaceSheet + `"><cols><col min="1" max="6" width="28" customWidth="1"/></cols><sheetData>`)
	for r, row := range s.rows {
		style := ""
		if r == 0 {
			style = ` s="1"`
		}
		fmt.Fprintf(&b, `<row r="%d">`, r+1)
		for c, text := range row {
			fmt.Fprintf(&b, `<c r="%c%d"%s t="s"><v>%d</v></c>`, 'A'+c, r+1, style, texts.number(text))
		}
		b.WriteString(`</row>`)
	}
	b.WriteString(`</sheetData></worksheet>`)
	return b.String()
}

// sharedTexts are the texts of all cells, each once: a cell has the number of its text.
type sharedTexts struct {
	list    []string
	numbers map[string]int
	cells   int
}

func (t *sharedTexts) number(text string) int {
	t.cells++
	n, known := t.numbers[text]
	if !known {
		n = len(t.list)
		t.list, t.numbers[text] = append(t.list, text), n
	}
	return n
}

func (t *sharedTexts) xml() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<sst xmlns="%s" count="%d" uniqueCount="%d">`, spaceSheet, t.cells, len(t.list))
	for _, text := range t.list {
		b.WriteString(`<si><t xml:space="preserve">` + escaped(text) + `</t></si>`)
	}
	b.WriteString(`</sst>`)
	return b.String()
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return b.String()
}
