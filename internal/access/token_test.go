package access_test

import (
	"testing"

	"mcp-server/internal/access"
)

func TestHideTokens(t *testing.T) {
	t.Parallel()
	token := access.NewToken()
	for text, want := range map[string]string{
		"":                          "",
		"no token":                  "no token",
		"mcps_short":                "mcps_short",
		token:                       "[redacted]",
		"a " + token + ", " + token: "a [redacted], [redacted]",
	} {
		if got := access.HideTokens(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}
