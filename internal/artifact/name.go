package artifact

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameBytes leaves room for the metadata's prefix and suffix within the 255 bytes that file systems allow.
const maxNameBytes = 200

// CleanName makes a file name out of what a cloud or a plugin calls a file: its last path element, without control and
// reserved characters, not hidden, and short enough with its extension kept. Chinese and other letters stay.
func CleanName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || !unicode.IsPrint(r) && r != ' ':
			return -1
		case strings.ContainsRune(`<>:"/|?*`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimLeft(name, ". "), ". ")
	if strings.Trim(name, "_") == "" {
		return "download"
	}
	if len(name) <= maxNameBytes {
		return name
	}
	extension := path.Ext(name)
	if len(extension) > 20 {
		extension = ""
	}
	kept := name[:maxNameBytes-len(extension)]
	for !utf8.ValidString(kept) {
		kept = kept[:len(kept)-1]
	}
	return strings.TrimRight(kept, ". ") + extension
}
