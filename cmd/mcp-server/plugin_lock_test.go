package main

import (
	"strings"
	"testing"

	"mcp-server/internal/toolcheck"
)

// TestLockEntry has each kind of change stand out by its first word: more permissions break no caller, and are what to look at first.
func TestLockEntry(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	lockEntry{Plugin: "p", Change: "changed", Version: "2", Before: "1", Changes: []toolcheck.Change{
		{Kind: toolcheck.Changed, Tool: "p_run", Message: "a title", Breaking: false},
		{Kind: toolcheck.Removed, Tool: "p_run", Message: "an argument", Breaking: true},
		{Kind: toolcheck.Permission, Message: "it asks for the host example.com"},
	}}.print(&text)
	want := "p 1 → 2: changed\n  compatible: p_run: a title\n  BREAKING: p_run: an argument\n  PERMISSION: it asks for the host example.com\n"
	if text.String() != want {
		t.Errorf("got %s", text.String())
	}
}

// TestWhereAPluginIsAttached keeps --reattach from commands that look at files: a lock file must not lose a plugin by it.
func TestWhereAPluginIsAttached(t *testing.T) {
	t.Parallel()
	for name, attaches := range map[string]bool{"serve": true, "call": true, "tools": true, "plugin lock": false, "plugin list": false, "plugin inspect": false} {
		var s settings
		c, _, err := newRootCommand(&s, streams{}).Find(strings.Fields(name))
		if err != nil {
			t.Fatal(err)
		}
		if has := c.Flags().Lookup("reattach") != nil; has != attaches {
			t.Errorf("%s: --reattach %t", name, has)
		}
	}
}
