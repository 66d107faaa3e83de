package preview

import (
	"encoding/json"
	"fmt"
	"io"

	"mcp-server/sdk"
)

const (
	previewEntries   = 50
	previewEntryJSON = 4 << 10
)

// previewArchive shows a workbook's sheets or a zip's files; as files alone when listOnly.
func (w worker) previewArchive(content *io.SectionReader, listOnly bool) *sdk.Preview {
	a, err := openArchive(content)
	if err != nil {
		return &sdk.Preview{Kind: kindZip, Summary: "zip archive, " + amount(content.Size()), Problem: err.Error()}
	}
	problem := ""
	if a.isWorkbook() && !listOnly {
		p, err := w.previewWorkbook(a)
		if err == nil {
			return p
		}
		problem = err.Error() + "; its files are listed instead"
	}
	p := &sdk.Preview{
		Kind: kindZip, EntryCount: len(a.files), Problem: joined(problem, a.problems()),
		Summary: fmt.Sprintf("zip archive of %s, %s unpacked", counted(len(a.files), "file", "files"), amount(a.unpacked())),
	}
	if a.isWorkbook() {
		p.Summary = fmt.Sprintf("workbook, shown as a zip archive of %s", counted(len(a.files), "file", "files"))
	}
	left := previewEntryJSON
	for _, f := range a.files[:min(len(a.files), previewEntries)] {
		if left -= jsonSize(f.entry()); left < 0 {
			break
		}
		p.Entries = append(p.Entries, f.entry())
	}
	p.Truncated = len(p.Entries) < len(a.files)
	return p
}

// readEntries lists files from an offset.
func (a *archive) readEntries(s Selection) (Part, error) {
	if err := s.noSheet(kindZip); err != nil {
		return Part{}, err
	}
	limit, err := entryWindow.limit(s)
	if err != nil {
		return Part{}, err
	}
	total := int64(len(a.files))
	part := Part{Kind: kindZip, Unit: unitEntries, Offset: s.Offset, Total: total}
	if s.Offset >= total {
		part.Note = beyond(s.Offset, total, "files")
		return part, nil
	}
	if s.Offset == 0 {
		part.Note = a.problems()
	}
	left := maxPartJSON
	end := s.Offset + min(limit, total-s.Offset)
	for at := s.Offset; at < end; at++ {
		e := a.files[at].entry()
		if left -= jsonSize(e); left < 0 {
			end = at
			break
		}
		part.Entries = append(part.Entries, e)
	}
	if end < total {
		part.NextOffset = end
	}
	return part, nil
}

// jsonSize is what a value takes in a result.
func jsonSize(value any) int {
	encoded, err := json.Marshal(value)
	if err != nil {
		return 0 // only strings and numbers come here
	}
	return len(encoded) + 1
}
