package artifact

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	first, second := adopt(t, s, "a", "same"), adopt(t, s, "b", "same")
	removed, err := s.Remove(first.URI, false)
	if err != nil || removed.URI != first.URI {
		t.Fatalf("removed %+v, %v", removed, err)
	}
	if diff := cmp.Diff([]string{"b"}, names(t, s)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	_, err = s.Remove(second.URI, false)
	must(t, err)
	if left, err := filepath.Glob(filepath.Join(s.dir, "artifacts", "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestRemoveRefuses(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	plain, onceOnly := adopt(t, s, "a", "a"), adopt(t, s, "b", "b")
	onceOnly.Claim = "key"
	must(t, s.writeMetadata(onceOnly))
	_, err := s.Remove(plain.URI, false)
	must(t, err)
	for uri, want := range map[string]string{plain.URI: "no artifact", "artifact://x/y": "hexadecimal", onceOnly.URI: "--once-only"} {
		_, err := s.Remove(uri, false)
		if e, ok := errors.AsType[*sdk.Error](err); !ok || !strings.Contains(e.Message, want) {
			t.Errorf("removing %s: %v", uri, err)
		}
	}
	if _, err := os.Stat(onceOnly.Path); err != nil {
		t.Errorf("the once-only file: %v", err)
	}
	if _, err := s.Remove(onceOnly.URI, true); err != nil || exists(onceOnly.Path) {
		t.Errorf("removed with the flag: %v, and the file is there: %v", err, exists(onceOnly.Path))
	}
}

func TestRemoveSaysWhatStandsAgainstIt(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	r := adopt(t, s, "a", "a")
	must(t, os.Remove(r.Path))
	must(t, os.MkdirAll(filepath.Join(r.Path, "folder"), 0o700)) // which os.Remove does not remove
	_, err := s.Remove(r.URI, false)
	if e, ok := errors.AsType[*sdk.Error](err); !ok || e.Source != sdk.SourceHost || !strings.Contains(e.Message, "not empty") {
		t.Errorf("removed with %v", err)
	}
}
