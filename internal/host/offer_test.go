package host

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "Z": true, "list_files-2": true, strings.Repeat("a", maxName): true,
		"": false, "2a": false, "_a": false, "-a": false, "a b": false, "a.b": false, "ä": false, "aä": false, "a\n": false,
		strings.Repeat("a", maxName+1): false,
	} {
		if got := isName(name); got != want {
			t.Errorf("isName(%q) = %v, want %v", name, got, want)
		}
	}
}
