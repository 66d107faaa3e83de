package pluginfolder

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

var (
	digestA = strings.Repeat("a1", 32)
	digestB = strings.Repeat("b2", 32)
)

func sampleLock() Lock {
	full := Accept(sdk.Manifest{
		Name: "full", Version: "1.2.0",
		Permissions: sdk.Permissions{
			Hosts: []string{"*.example.com"}, Folders: []string{"~/data"}, MemoryMiB: 64,
			Environment: []sdk.EnvVar{{Name: "TOKEN", Description: "A <token> & more.", Secret: true}, {Name: "REGION", Description: "Where."}},
		},
		Tools: []sdk.ToolManifest{
			{Name: "z_last", Description: "Does it.", Hints: sdk.Hints{ReadOnly: true}, InputSchema: []byte(`{"type":"object","properties":{"B":{},"b":{}}}`)},
			{Name: "a_first", Aliases: []string{"older"}, InputSchema: []byte(`{}`), OutputSchema: []byte(`{"x":"<"}`)},
		},
	}, digestA)
	return Lock{Plugins: map[string]Locked{"full": full, "bare": {Version: "0", SHA256: digestB}}}
}

const sampleText = `{
  "version": 1,
  "plugins": {
    "bare": {
      "version": "0",
      "sha256": "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2",
      "permissions": {}
    },
    "full": {
      "version": "1.2.0",
      "sha256": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "permissions": {
        "hosts": ["*.example.com"],
        "environment": [
          {"name":"TOKEN","description":"A <token> & more.","secret":true},
          {"name":"REGION","description":"Where."}
        ],
        "folders": ["~/data"],
        "memory_mib": 64
      },
      "tools": [
        {
          "name": "a_first",
          "aliases": ["older"],
          "hints": {"read_only":false,"destructive":false,"idempotent":false,"open_world":false},
          "input_schema": {},
          "output_schema": {"x":"<"}
        },
        {
          "name": "z_last",
          "description": "Does it.",
          "hints": {"read_only":true,"destructive":false,"idempotent":false,"open_world":false},
          "input_schema": {"type":"object","properties":{"B":{},"b":{}}}
        }
      ]
    }
  }
}
`

func TestWriteLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), LockName)
	for range 2 {
		if err := WriteLock(path, sampleLock()); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if diff := cmp.Diff(sampleText, string(content)); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	want := sampleLock()
	want.Path = path
	got, err := ReadLock(path)
	if diff := cmp.Diff(&want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	bad := Lock{Plugins: map[string]Locked{"x": {SHA256: "ABC"}}}
	if err := WriteLock(path, bad); err == nil || !strings.Contains(err.Error(), `plugin "x": its sha256 "ABC"`) {
		t.Errorf("a wrong digest gives %v", err)
	}
	bad.Plugins["x"] = Locked{SHA256: digestA, Tools: []LockedTool{{Name: "t", InputSchema: []byte("{")}}}
	if err := WriteLock(path, bad); err == nil || !strings.Contains(err.Error(), `plugin "x": a schema of tool "t" is not JSON`) {
		t.Errorf("a broken schema gives %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := WriteLock(empty, Lock{}); err != nil {
		t.Fatal(err)
	}
	if l, err := ReadLock(empty); err != nil || l == nil || l.Check("x", digestA) == nil {
		t.Errorf("a lock of nothing gives %v, %v", l, err)
	}
}

func TestReadLockRefuses(t *testing.T) {
	t.Parallel()
	plugin := func(rest string) string {
		return "{\"version\":1,\n\"plugins\":{\n\"x\":{\"sha256\":\"" + digestA + "\",\n" + rest + "}}}"
	}
	for _, test := range []struct{ content, want string }{
		{"", "line 1: unexpected end of JSON input"},
		{"[]", "line 1: want an object"},
		{"{}", `"version" and "plugins" are required`},
		{`{"version":1}`, `"version" and "plugins" are required`},
		{"{\"version\":2,\"plugins\":{}}", "line 1: its version is 2, and this host knows 1"},
		{"{\"version\":1,\n\"Plugins\":{}}", `line 2: key "Plugins" is not known`},
		{"{\"version\":1,\n\"version\":1}", `line 2: "version" is there twice`},
		{"{\"version\":1,\"plugins\":{}}\n{}", "line 2: invalid character"},
		{"{\"version\":1,\n\"plugins\":{\n\"x\":{}}}", `plugin "x": line 3: its sha256 "" is not`},
		{strings.Replace(plugin(`"version":"1"`), "a1", "A1", 1), `plugin "x": line 4: its sha256 "A1`},
		{plugin(`"SHA256":"1"`), `plugin "x": line 4: key "SHA256" is not known`},
		{plugin(`"version":1`), `plugin "x": line 4: json: cannot unmarshal number`},
		{plugin("\"version\":\n\"\x01\""), "line 5: invalid character"},
		{plugin(`"permissions":{"hosts":["a"],"hosts":["b"]}`), `plugin "x": line 4: "hosts" is there twice`},
		{plugin(`"permissions":{"Hosts":["a"]}`), `plugin "x": line 4: key "Hosts" is not known`},
		{plugin(`"permissions":{"environment":[{"nam":"a"}]}`), `line 4: key "nam" is not known`},
		{plugin(`"tools":[{"title":""}]`), `line 4: key "title" is not known`},
		{plugin(`"tools":[{"hints":{"Read_only":true}}]`), `line 4: key "Read_only" is not known`},
		{plugin("\"version\":\"1\"}, \n\"x\":{"), `line 5: "x" is there twice`},
	} {
		path := filepath.Join(t.TempDir(), LockName)
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ReadLock(path)
		if l != nil || err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s\ngives %v, %v; want %q", test.content, l, err, test.want)
		}
	}
}

func TestReadLockAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"", filepath.Join(dir, LockName), filepath.Join(dir, "nowhere", LockName)} {
		if l, err := ReadLock(path); l != nil || err != nil {
			t.Errorf("%q gives %v, %v", path, l, err)
		}
	}
	if l, err := ReadLock(dir); l != nil || err == nil {
		t.Errorf("a folder gives %v, %v", l, err)
	}
}

func TestLockCheck(t *testing.T) {
	t.Parallel()
	l := sampleLock()
	l.Path = "/p/" + LockName
	way := "; look at it with `mcp-server plugin inspect NAME`, and accept it with `mcp-server plugin lock NAME`"
	for _, test := range []struct {
		lock               *Lock
		name, digest, want string
	}{
		{nil, "x", digestB, ""},
		{&l, "full", digestA, ""},
		{&l, "x", digestA, "plugin x is not in the lock file /p/plugins.lock.json"},
		{&l, "full", digestB, "plugin full is another file than the lock file /p/plugins.lock.json accepts: version 1.2.0 has sha256 a1a1a1a1a1a1…, and this file has b2b2b2b2b2b2…"},
	} {
		checkRefusal(t, test.lock.Check(test.name, test.digest), test.want, strings.ReplaceAll(way, "NAME", test.name))
	}
}

func checkRefusal(t *testing.T, err error, want, way string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
		want += way
		if !errors.Is(err, ErrNotAccepted) {
			t.Errorf("%v has another cause", err)
		}
	}
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestLockCheckPermissions(t *testing.T) {
	t.Parallel()
	l := sampleLock()
	l.Path = "L"
	way := "; look at it with `mcp-server plugin inspect NAME`, and accept it with `mcp-server plugin lock NAME`"
	asks := "plugin full asks for more than the lock file L accepts: "
	for _, test := range []struct {
		lock  *Lock
		name  string
		asked sdk.Permissions
		want  string
	}{
		{nil, "x", sdk.Permissions{Hosts: []string{"h"}}, ""},
		{&l, "x", sdk.Permissions{}, "plugin x is not in the lock file L"},
		{&l, "full", sdk.Permissions{}, ""},
		{&l, "full", l.Plugins["full"].Permissions, ""},
		{&l, "full", sdk.Permissions{Hosts: []string{"*.EXAMPLE.com"}, MemoryMiB: 32}, ""},
		{&l, "full", sdk.Permissions{
			Hosts: []string{"a.com", "*.example.com", "b.com"}, Folders: []string{"/etc", "~/data"}, MemoryMiB: 65,
			Environment: []sdk.EnvVar{{Name: "REGION", Secret: true}, {Name: "HOME"}, {Name: "TOKEN"}},
		}, asks + "the host a.com, the host b.com, the variable HOME, the variable TOKEN as no secret, the folder /etc, 65 MiB of memory"},
	} {
		checkRefusal(t, test.lock.CheckPermissions(test.name, test.asked), test.want, strings.ReplaceAll(way, "NAME", test.name))
	}
}

func FuzzDecodeLock(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte(`{"version":1,"plugins":{}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := decodeLock(content)
		if err != nil {
			return
		}
		written, err := encodeLock(*l)
		if err != nil {
			t.Fatalf("%q cannot be written: %v", content, err)
		}
		again, err := decodeLock(written)
		if err != nil {
			t.Fatalf("%q, which was written, cannot be read: %v", written, err)
		}
		rewritten, err := encodeLock(*again)
		if err != nil || string(written) != string(rewritten) {
			t.Errorf("%q is another when written again: %q, %v", written, rewritten, err)
		}
	})
}
