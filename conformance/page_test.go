package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/conformance/node"
)

var update = flag.Bool("update", false, "rewrite testdata/page.md")

// TestPage renders recorded results.
func TestPage(t *testing.T) {
	t.Parallel()
	outcomes, err := readResults("testdata/results", recorded())
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{node: node.Node{Version: "v22.1.0"}, version: "0.2.0", gateway: "4.0.0", server: "dev"}
	legs := []leg{{overHTTP, "2025-11-25", outcomes}, {overStdio, "2026-07-28", outcomes[:2]}}
	got := string(s.page(legs, []known{{overStdio, "2026-07-28", "tools-call-with-progress", "the gateway loses it"}}))
	const golden = "testdata/page.md"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(string(want), got); difference != "" {
		t.Error(difference)
	}
}

// TestConclude writes the page, or refuses what would change it.
func TestConclude(t *testing.T) {
	t.Parallel()
	broken := errors.New("ping: fail")
	for name, tt := range map[string]struct {
		check   bool
		before  string
		problem error
		want    []string // parts of the error; none: no error
		after   string
	}{
		"written":             {false, "old", nil, nil, "new"},
		"written for the eye": {false, "old", broken, []string{"ping: fail"}, "new"},
		"the same":            {true, "new", nil, nil, "new"},
		"would change":        {true, "old", nil, []string{"would change"}, "old"},
		"both":                {true, "old", broken, []string{"ping: fail", "would change"}, "old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			c := config{check: tt.check, page: filepath.Join(folder, "page.md"), out: folder}
			if err := os.WriteFile(c.page, []byte(tt.before), 0o600); err != nil {
				t.Fatal(err)
			}
			err := conclude(c, []byte("new"), tt.problem, io.Discard)
			if (err != nil) != (tt.want != nil) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
			if after, err := os.ReadFile(c.page); err != nil || string(after) != tt.after {
				t.Errorf("the page is %q, %v, want %q", after, err, tt.after)
			}
		})
	}
}
