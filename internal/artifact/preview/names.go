package preview

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxNameBytes bounds the names that are shown; a zip allows 65,535 bytes.
const maxNameBytes = 240

// decodeName gives a zip's file name in UTF-8: Chinese tools on Windows write GBK, a part of GB18030, without saying so.
func decodeName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	if decoded, err := simplifiedchinese.GB18030.NewDecoder().String(name); err == nil && !strings.ContainsRune(decoded, utf8.RuneError) {
		return decoded
	}
	return strings.ToValidUTF8(name, string(utf8.RuneError))
}

// shown is a name without the characters that would garble or reverse the text around it, and of bounded length.
func shown(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, decodeName(name))
	return shortened(name, maxNameBytes)
}

// shortened cuts a text at a character and says so.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most]
	return text[:len(text)-cutRune([]byte(text))] + "…"
}

// entryName is how a listing shows the file at an index of the directory, and how a caller names it.
func entryName(name string, index int) string {
	name = shown(name)
	if len(name) > maxNameBytes || strings.Trim(name, " ") == "" { // cut, or nothing left of it
		return fmt.Sprintf("%s#%d", name, index)
	}
	return name
}

// leadsOutside says whether a tool that follows the name would write outside the folder it unpacks into.
func leadsOutside(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	return strings.HasPrefix(name, "/") || hasDrive(name) || slices.Contains(strings.Split(name, "/"), "..")
}

func joined(sentences ...string) string {
	sentences = slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
	return strings.Join(sentences, "; ")
}

// amount is a size for people.
func amount(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	size, units := float64(n)/(1<<10), []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for size >= 1<<10 && len(units) > 1 {
		size, units = size/(1<<10), units[1:]
	}
	return fmt.Sprintf("%.1f %s", size, units[0])
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// hasDrive says whether the name begins with a drive's letter, as C: does.
func hasDrive(name string) bool {
	return len(name) > 1 && name[1] == ':' && ('a' <= name[0] && name[0] <= 'z' || 'A' <= name[0] && name[0] <= 'Z')
}
