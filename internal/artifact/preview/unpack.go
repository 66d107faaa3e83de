package preview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mcp-server/sdk"
)

// maxSpool is how much of one entry is unpacked.
const maxSpool = 64 << 20

// worker reads archives inside the child. It spools in its folder and leaves there what the parent removes.
type worker struct {
	tempDir  string
	openBook OpenWorkbook
}

// read returns a part of a zip or workbook.
func (w worker) read(ctx context.Context, content *io.SectionReader, s Selection) (Part, error) {
	a, err := openArchive(content)
	if err != nil {
		return Part{}, err
	}
	if s.Entry != "" {
		return w.readEntry(ctx, a, s)
	}
	return w.readArchive(a, s)
}

// readArchive reads rows of a workbook, or lists files.
func (w worker) readArchive(a *archive, s Selection) (Part, error) {
	if !a.isWorkbook() {
		return a.readEntries(s)
	}
	part, err := w.readRows(a, s)
	var known *sdk.Error
	if s.Sheet == "" && errors.As(err, &known) && known.Code == sdk.CodeResourceExhausted {
		part, err = a.readEntries(s)
		part.Note = joined(known.Message, "its files are listed instead", part.Note)
	}
	return part, err
}

// readEntry unpacks one file and reads it as a file of its own; of a zip inside a zip the files are listed only.
func (w worker) readEntry(ctx context.Context, a *archive, s Selection) (Part, error) {
	f, err := a.find(s.Entry)
	if err != nil {
		return Part{}, err
	}
	if f.encrypted() {
		return Part{}, sdk.InvalidArgument("entry", "names %q, which is encrypted and cannot be read here; unpack it from the archive at the artifact's path with its password", f.name)
	}
	spool, damage, err := w.unpack(f)
	if err != nil {
		return Part{}, err
	}
	defer func() { _ = spool.Close() }() // only read from here on
	part, err := w.readUnpacked(ctx, f, spool, s)
	if err != nil {
		return Part{}, err
	}
	part.Entry = f.name
	part.Note = joined(part.Note, damage)
	return part, nil
}

func (w worker) readUnpacked(ctx context.Context, f file, spool *os.File, s Selection) (Part, error) {
	info, err := spool.Stat()
	if err != nil {
		return Part{}, err
	}
	content := io.NewSectionReader(spool, 0, info.Size())
	form, err := detect(content)
	if err != nil {
		return Part{}, err
	}
	cut := f.size() > maxSpool && info.Size() == maxSpool
	if form.kind != kindZip {
		part, err := readPlain(ctx, content, form, s)
		if cut {
			part.Total = f.size()
			part.Note = joined(part.Note, fmt.Sprintf("of files in an archive only the first %s are read; for more, unpack the archive at the artifact's path", amount(maxSpool)))
		}
		return part, err
	}
	if cut {
		return Part{}, sdk.InvalidArgument("entry", "names %q, an archive of %s; archives in archives are read up to %s; unpack it from the archive at the artifact's path",
			f.name, amount(f.size()), amount(maxSpool))
	}
	s.Entry = ""
	inner, err := openArchive(content)
	if err != nil {
		return Part{}, err
	}
	part, err := w.readArchive(inner, s)
	if err == nil && part.Kind == kindZip {
		part.Note = joined(part.Note, "a zip inside a zip is only listed; to read its files, unpack it from the archive at the artifact's path")
	}
	return part, err
}

// unpack writes the beginning of a file to the spool. Damage is what is wrong with content of which something was readable.
func (w worker) unpack(f file) (spool *os.File, damage string, err error) {
	packed, err := f.Open()
	if err != nil {
		return nil, "", explained(fmt.Sprintf("the entry %q", f.name), err)
	}
	defer func() { _ = packed.Close() }() // only read
	spool, err = os.CreateTemp(w.tempDir, "entry-")
	if err != nil {
		return nil, "", fmt.Errorf("making a spool file: %w", err)
	}
	n, copyErr := io.CopyN(spool, packed, maxSpool)
	if n == maxSpool || errors.Is(copyErr, io.EOF) {
		return spool, "", nil
	}
	var known *sdk.Error
	explanation := explained(fmt.Sprintf("the entry %q", f.name), copyErr)
	if n > 0 && errors.As(explanation, &known) {
		return spool, fmt.Sprintf("%s; what could be unpacked are its first %d bytes", known.Message, n), nil
	}
	return nil, "", errors.Join(explanation, spool.Close())
}

// find returns the last file of a name, which is what unpacking leaves of several.
func (a *archive) find(name string) (file, error) {
	for n := len(a.files) - 1; n >= 0; n-- {
		if f := a.files[n]; f.name == name || f.Name == name {
			return f, nil
		}
	}
	return file{}, sdk.InvalidArgument("entry", "names %q, which is not in the zip; %s", shown(name), a.suggest(name))
}

// suggest names files whose names resemble the one that is not there, or the first ones.
func (a *archive) suggest(name string) string {
	const most = 5
	wanted := strings.ToLower(base(name))
	var near, first []string
	for _, f := range a.files {
		if len(first) < most {
			first = append(first, f.name)
		}
		have := strings.ToLower(base(f.name))
		if len(near) < most && have != "" && wanted != "" && (strings.Contains(have, wanted) || strings.Contains(wanted, have)) {
			near = append(near, f.name)
		}
	}
	switch {
	case len(near) > 0:
		return fmt.Sprintf("similar are %q", near)
	case len(first) > 0:
		return fmt.Sprintf("of %s the first are %q; read without entry for the list", counted(len(a.files), "file", "files"), first)
	}
	return "it has no files"
}

// base is the last part of a name, which for a folder is the folder.
func base(name string) string {
	name = strings.Trim(strings.ReplaceAll(name, `\`, "/"), "/")
	return name[strings.LastIndexByte(name, '/')+1:]
}
