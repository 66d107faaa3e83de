package visible_test

import (
	"strings"
	"testing"

	"mcp-server/internal/supervisor/visible"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain 模板 é":               "plain 模板 é",
		"a\tb\nc\rd":               `a b\nc\x0dd`,
		"\x1b[31m\x00\x7f":         `\x1b[31m\x00\x7f`,
		"\xff\u0085\u202e\u2028":   `\xff\u0085\u202e\u2028`,
		strings.Repeat("a", 150):   strings.Repeat("a", 100) + "…",
		strings.Repeat("\xff", 30): strings.Repeat(`\xff`, 25) + "…",
	} {
		if got := visible.Line(in, 100); got != want {
			t.Errorf("Line(%q) = %q; want %q", in, got, want)
		}
	}
	if got := visible.Lines("a\tb\nc\x1b", 100); got != "a b\nc\\x1b" {
		t.Errorf("lines became %q", got)
	}
	if got := visible.Quote("a\tb\nc\x1b", 100); got != `a\x09b\nc\x1b` {
		t.Errorf("the quote is %q", got)
	}
}
