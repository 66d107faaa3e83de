// Package visible makes what a plugin says fit to be shown on a terminal and in a log. Start reading at [Line].
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s on one line, with everything escaped that a terminal would act on or a reader would not see, cut to about
// limit bytes. A tab becomes a space.
func Line(s string, limit int) string { return text(s, limit, `\n`, " ") }

// Lines is Line, but newlines stay.
func Lines(s string, limit int) string { return text(s, limit, "\n", " ") }

// Quote is Line, but a tab is escaped as well: it shows what was there to who has to mend it.
func Quote(s string, limit int) string { return text(s, limit, `\n`, `\x09`) }

// text writes these for a newline and a tab.
func text(s string, limit int, newline, tab string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if b.Len() >= limit {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(newline)
		case r == '\t':
			b.WriteString(tab)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}
