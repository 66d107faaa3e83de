package audit

import (
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// cutMark ends a text that was cut.
const cutMark = "…"

// quote returns s as a JSON string of at most limit bytes, its quotes included. Everything that a terminal would act on or a
// reader would not see is escaped.
func quote(s string, limit int) []byte {
	room := limit - len(cutMark) - 1
	out := make([]byte, 0, min(limit, len(s)+2))
	out = append(out, '"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		written := escaped(r, s[i:i+size])
		if len(out)+len(written) > room && len(out)+restOf(s[i:], limit)+1 > limit {
			return append(append(out, cutMark...), '"')
		}
		out = append(out, written...)
		i += size
	}
	return append(out, '"')
}

// restOf is how long the rest of a text is when it is written, or more than the limit.
func restOf(s string, limit int) int {
	size := 0
	for i := 0; i < len(s) && size <= limit; {
		r, width := utf8.DecodeRuneInString(s[i:])
		size += len(escaped(r, s[i:i+width]))
		i += width
	}
	return size
}

func escaped(r rune, as string) string {
	switch {
	case r == '"' || r == '\\':
		return `\` + as
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == utf8.RuneError:
		return `\ufffd`
	case unicode.IsPrint(r):
		return as
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
