package supervisor

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	r := &redactor{}
	if got := r.text("nothing known", true); got != "nothing known" {
		t.Errorf("got %q", got)
	}
	r.add("hunter22", "short", "hunter22-longer", `a"b\c&d é`, "-----BEGIN\nline-two-of-it\n-----END", "")
	r.add("added later")
	for in, want := range map[string]string{
		"x hunter22 y":                   "x [redacted] y",
		"hunter22-longer":                "[redacted]",
		"short words stay":               "short words stay",
		`{"k":"a\"b\\c\u0026d é"}`:       `{"k":"[redacted]"}`,
		`{"k":"a\"b\\c&d é"}`:            `{"k":"[redacted]"}`,
		"q=a%22b%5Cc%26d+%C3%A9;":        "q=[redacted];",
		"aHVudGVyMjI=":                   "[redacted]",
		"line-two-of-it alone":           "[redacted] alone",
		"added later":                    "[redacted]",
		"https://u:p@h/p?x=1&y=2 z":      "https://[redacted]@h/p?[redacted] z",
		`Get "https://h/p?x=a'b": EOF`:   `Get "https://h/p?[redacted]": EOF`,
		`{"u":"https:\/\/h\/p?x=1","v"}`: `{"u":"https:\/\/h\/p?[redacted]","v"}`,
		"<Loc>https://h/p?x=1</Loc>":     "<Loc>https://h/p?[redacted]</Loc>",
		"https://h/p and why?":           "https://h/p and why?",
		"a@b.example is a mail address":  "a@b.example is a mail address",
	} {
		if got := r.text(in, false); got != want {
			t.Errorf("text(%q) = %q; want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"cut at hunter":  "cut at [redacted]",
		"cut at hunte":   "cut at hunte",
		"cut at hunterX": "cut at hunterX",
	} {
		if got := r.text(in, true); got != want {
			t.Errorf("cut text(%q) = %q; want %q", in, got, want)
		}
	}
	if got := r.line(strings.Repeat("x", 95)+"hunter22", false, 100); strings.Contains(got, "hunt") {
		t.Errorf("the limit cut a secret before it was removed: %q", got)
	}
}
