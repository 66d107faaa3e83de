package trial

import (
	"strings"
	"testing"

	"mcp-server/internal/sandbox"
)

// TestBounds tries plugins as a host runs them where the kernel can bound them.
func TestBounds(t *testing.T) {
	t.Parallel()
	launcher := build(t, "cmd/mcp-server-launcher")
	if missing := sandbox.Probe(launcher).Missing; missing != "" {
		t.Skip(missing)
	}
	for name, want := range map[string]struct{ tool, check string }{
		"good":    {"do", ""},
		"raw":     {"do", ""},
		"storing": {"store", ""},
		"wanders": {"do", "connections"},
		"strays":  {"do", "good_call"}, // past the proxy, where nobody refuses unbounded ones
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Path: install(t, name), Tool: want.tool, Launcher: launcher}
			outcomes, err := run(t.Context(), o, shortLimits(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(names(outcomes, Failed), " "); got != want.check {
				t.Errorf("failed: %q; want %q", got, want.check)
			}
			for _, o := range outcomes {
				t.Logf("%-17s %-8s %s", o.Name, o.State, o.Reason)
			}
		})
	}
}
