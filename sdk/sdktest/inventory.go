package sdktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

// Inventory checks everything that the plugin offers against what strict clients take and against the house rules: closed object schemas,
// names of at most 60 characters, no reference out of a schema, no lists of types, a description on all, of 40 to 400
// characters on a tool, and the like. A finding that is meant is excused as "<tool> <rule>", such as "find_text combination"; an
// excuse that excuses nothing fails, too. It logs how much of a model's context the tools take.
func Inventory(t testing.TB, p sdk.Plugin, excused ...string) {
	t.Helper()
	m, err := p.Manifest()
	if err != nil {
		t.Fatalf("the plugin is defined wrongly: %v", err)
	}
	inventory(t, wired(t, m), excused)
}

// Inventory is [Inventory] of what a running plugin says of itself, which may be written in any language.
func (h *Host) Inventory(excused ...string) {
	h.t.Helper()
	inventory(h.t, h.manifest, excused)
}

func inventory(t testing.TB, m sdk.Manifest, excused []string) {
	t.Helper()
	left := slices.Clone(excused)
	for _, f := range toolcheck.Lint(m) {
		about := f.Tool + " " + f.Rule
		left = slices.DeleteFunc(left, func(s string) bool { return s == about })
		if !slices.Contains(excused, about) {
			t.Error(f)
		}
	}
	for _, about := range left {
		t.Errorf("%q excuses nothing; leave it out", about)
	}
	size, tokens := toolcheck.Size(m)
	t.Logf("%s: the tools take %d bytes, about %d tokens", m.Name, size, tokens)
}

// wired is the manifest as a host reads it.
func wired(t testing.TB, m sdk.Manifest) sdk.Manifest {
	t.Helper()
	encoded, err := json.Marshal(m)
	if err == nil {
		var read sdk.Manifest
		if err = json.Unmarshal(encoded, &read); err == nil {
			return read
		}
	}
	t.Fatal(fmt.Errorf("writing the manifest: %w", err))
	return m
}
