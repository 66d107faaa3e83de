package access_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
)

const secret = "mcps_a-token-of-the-tests-that-nobody-may-see"

func sumOf(t testing.TB, token string) string {
	t.Helper()
	sum, err := access.Hash(token)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestCallersOfAFile(t *testing.T) {
	t.Parallel()
	path := accesstest.File(t, "access.yaml", `
callers:
  - name: alice
    token_sha256: "`+sumOf(t, secret)+`"
    profile: team-a
    read_only: true
    allow: [drs_*, "hint:read_only"]
    deny:
      - hint:destructive
    rate: 120
    concurrency: 3
  - name: bob
    token_file: bob.token
  - {name: late, token_sha256: "`+sumOf(t, secret+"-late")+`", expires: 2020-01-01T00:00:00Z}
profiles:
  team-a:
    env_file: a.env
    environment: {HUAWEICLOUD_REGION: eu-west-101}
`, "bob.token", secret+"-of-bob\n", "a.env", "HUAWEICLOUD_SDK_AK=ak\n")
	gate, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	alice, err := gate.Identify(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	allow, _ := access.ParseRules([]string{"drs_*", "hint:read_only"})
	deny, _ := access.ParseRules([]string{"hint:destructive"})
	want := access.Caller{
		Name: "alice", Profile: "team-a", Limits: access.Limits{PerMinute: 120, Concurrent: 3},
		Policy: access.Policy{ReadOnly: true, Allow: allow, Deny: deny, Of: `the caller "alice"`},
	}
	if diff := cmp.Diff(want, alice, cmp.Comparer(func(a, b access.Rule) bool { return a == b }), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if bob, err := gate.Identify(t.Context(), secret+"-of-bob"); err != nil || bob.Name != "bob" {
		t.Errorf("bob: %+v, %v", bob, err)
	}
	refused(t, gate, secret+"-late", access.Expired)
	refused(t, gate, secret+"x", access.Invalid)
	refused(t, gate, "", access.Invalid)
	if p, fingerprint, ok := gate.Profile("team-a"); !ok || p.Name != "team-a" || fingerprint == "" {
		t.Errorf("the profile is %+v %q %v", p, fingerprint, ok)
	}
}

func refused(t *testing.T, gate *access.Gate, token string, kind access.RefusalKind) {
	t.Helper()
	c, err := gate.Identify(t.Context(), token)
	refusal, ok := err.(*access.Refusal) //nolint:errorlint // the documented type itself
	if !ok || refusal.Kind != kind {
		t.Errorf("got %+v and %v, want a refusal of kind %d", c, err, kind)
	} else if token != "" && strings.Contains(err.Error(), token) {
		t.Errorf("the refusal shows the token: %v", err)
	}
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	sum := sumOf(t, secret)
	caller := func(more string) string { return "callers:\n  - name: a\n    token_sha256: \"" + sum + "\"\n" + more }
	oauth := func(more string) string { return "oauth:\n  resource: https://r/mcp\n  issuer: https://i\n" + more }
	for name, c := range map[string]struct{ text, want string }{
		"empty":             {"", "1:1: "},
		"half written":      {"profiles: {}\n", "neither callers nor oauth"},
		"no YAML":           {"callers: [\n", "access.yaml:"},
		"no mapping":        {"- a\n", "mapping is expected"},
		"unknown at root":   {"calers: []\n", `access.yaml:1:1: the key "calers" is not known; did you mean "callers"`},
		"unknown in caller": {caller("    expire: x\n"), `4:5: the key "expire" is not known; did you mean "expires"`},
		"unknown in oauth":  {oauth("  jwks_uri: x\n"), `4:3: the key "jwks_uri" is not known; did you mean "jwks_url"`},
		"a plain token":     {"callers:\n  - name: a\n    token: " + secret + "\n", "3:5: a token itself must not stand in this file; put what `mcp-server token hash`"},
		"token twice":       {caller("  - name: b\n    token_sha256: \"" + sum + "\"\n"), "has the same token"},
		"name twice":        {caller("  - name: A\n    token_sha256: \"" + sumOf(t, secret+"2") + "\"\n"), "another caller has this name"},
		"key twice":         {caller("    name: b\n"), "access.yaml:"},
		"no token":          {"callers: [{name: a}]\n", "either token_sha256 or token_file"},
		"short hash":        {"callers: [{name: a, token_sha256: abc}]\n", "64 hexadecimal digits"},
		"long hash":         {"callers: [{name: a, token_sha256: \"" + sum + "00\"}]\n", "64 hexadecimal digits"},
		"missing file":      {"callers: [{name: a, token_file: nowhere}]\n", "token_file"},
		"name":              {"callers: [{name: \"oauth:a\", token_sha256: \"" + sum + "\"}]\n", "a name has"},
		"expires":           {caller("    expires: tomorrow\n"), "RFC 3339"},
		"profile":           {caller("    profile: b\n"), "there is no profile"},
		"rule":              {caller("    allow: [\"hint:none\"]\n"), "names no hint"},
		"rate":              {caller("    rate: -1\n"), "whole numbers"},
		"rate of zero":      {caller("    rate: 0\n"), "whole numbers from 1"},
		"concurrency of 0":  {caller("    concurrency: 0\n"), "whole numbers from 1"},
		"empty allow":       {caller("    allow: []\n"), "4:12: an empty allow"},
		"deny of nothing":   {caller("    deny:\n"), "deny has no value"},
		"allow of nothing":  {caller("    allow: null\n"), "allow has no value"},
		"oauth of nothing":  {"oauth:\n", "oauth has no value"},
		"profile name":      {"callers: []\nprofiles: {Team: {}}\n", "a profile's name"},
		"deep brackets":     {"callers: " + strings.Repeat("[", 500_000), "brackets are open"},
		"deep lists":        {strings.Repeat("- ", 500_000), "indented more than"},
		"deep keys":         {strings.Repeat("? ", 500_000), "indented more than"},
		"tags":              {"callers: " + strings.Repeat("!a ", 300_000), "anchors"},
		"rate of words":     {caller("    rate: many\n"), "access.yaml:4:"},
		"alias":             {"callers: &x []\n", "anchors"},
		"list for a value":  {caller("    name2: [a]\n"), "is not known"},
		"map for a value":   {caller("    profile: {a: b}\n"), `"a" stands where a plain value is expected`},
		"secret in the map": {"callers: []\nprofiles: {p: {environment: {HUAWEICLOUD_SDK_SK: x}}}\n", "put it into env_file"},
		"two documents":     {"callers: []\n---\ncallers: []\n", "one document"},
		"http resource":     {"oauth: {resource: \"http://r/mcp\", issuer: \"https://i\"}\n", "https://"},
		"no issuer":         {"oauth: {resource: \"https://r/mcp\"}\n", "issuer"},
		"none":              {oauth("  algorithms: [none]\n"), `the algorithm "none" is not accepted`},
		"shared secret":     {oauth("  algorithms: [HS256]\n"), `the algorithm "HS256" is not accepted`},
		"leeway":            {oauth("  leeway: 1h\n"), "leeway"},
		"scope":             {oauth("  required_scopes: [\"a b\"]\n"), "no scope has"},
		"rule with nothing": {oauth("  rules: [{read_only: true}]\n"), "default: true"},
		"default not last":  {oauth("  rules: [{default: true}, {when: {a: b}}]\n"), "make it the last"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := access.Open(access.Options{Path: accesstest.File(t, "access.yaml", c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestProfilesLendNothing(t *testing.T) {
	t.Parallel()
	path := accesstest.File(t, "access.yaml", `
callers: []
profiles:
  a:
    env_file: a.env
    environment: {HUAWEICLOUD_REGION: eu-west-101, HTTPS_PROXY: "http://a:1"}
  b: {}
`, "a.env", "# of team a\n\nHUAWEICLOUD_SDK_AK=ak=1\nexport HUAWEICLOUD_SDK_SK='s k'\nHOME=\"/home/a\"\n")
	gate, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	base := func(name string) (string, bool) { return "the server's " + name, true }
	for _, c := range []struct{ profile, name, want string }{
		{"a", "HUAWEICLOUD_SDK_AK", "ak=1"},
		{"a", "HUAWEICLOUD_SDK_SK", "s k"},
		{"a", "HUAWEICLOUD_REGION", "eu-west-101"},
		{"a", "HUAWEICLOUD_SDK_SECURITY_TOKEN", ""},
		{"a", "HOME", "/home/a"},
		{"a", "USERPROFILE", ""},
		{"a", "XDG_CONFIG_HOME", ""},
		{"a", "HTTPS_PROXY", "http://a:1"},
		{"a", "SSL_CERT_FILE", "the server's SSL_CERT_FILE"},
		{"b", "HUAWEICLOUD_SDK_AK", ""},
		{"b", "Huaweicloud_Sdk_Ak", ""},
		{"b", "HOME", ""},
		{"b", "HUAWEICLOUD_METADATA_ENDPOINT", "off"},
		{"b", "HTTPS_PROXY", "the server's HTTPS_PROXY"},
	} {
		p, _, _ := gate.Profile(c.profile)
		if value, ok := p.LookupEnv(base)(c.name); value != c.want || ok != (c.want != "") {
			t.Errorf("%s of profile %s is %q, want %q", c.name, c.profile, value, c.want)
		}
	}
	if value, ok := (access.Profile{}).LookupEnv(base)("HUAWEICLOUD_SDK_AK"); ok {
		t.Errorf("a profile that is none lends %q", value)
	}
}

func TestBrokenEnvFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		secret:                          "line 1 of env_file is not of the form",
		"A=1\nA=2\n":                    "line 2 of env_file sets A again",
		"A=1\n" + secret + "=x\n":       "line 2 of env_file: a variable's name has",
		"=x\n":                          "line 1 of env_file: a variable's name is missing",
		"A=" + secret + "\x00\n":        "zero byte",
		strings.Repeat("A=1\n", 600000): "larger than",
	} {
		path := accesstest.File(t, "access.yaml", "callers: []\nprofiles: {a: {env_file: a.env}}\n", "a.env", text)
		_, err := access.Open(access.Options{Path: path})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestFilesThatOthersRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	root := os.Geteuid() == 0 // the group may read a file of root's
	for _, c := range []struct {
		file string
		mode os.FileMode
		ok   bool
	}{
		{"a.env", 0o600, true}, {"a.env", 0o400, true}, {"a.env", 0o640, root}, {"a.env", 0o440, root}, {"a.env", 0o604, false},
		{"a.env", 0o660, false}, {"t", 0o600, true}, {"t", 0o440, root}, {"t", 0o644, false},
		{"access.yaml", 0o644, true}, {"access.yaml", 0o664, false}, {"access.yaml", 0o646, false},
	} {
		path := accesstest.File(t, "access.yaml", "callers: [{name: a, token_file: t}]\nprofiles: {a: {env_file: a.env}}\n",
			"a.env", "A=1\n", "t", secret)
		if err := os.Chmod(filepath.Join(filepath.Dir(path), c.file), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := access.Open(access.Options{Path: path})
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "chmod") {
			t.Errorf("%s with mode %04o: %v", c.file, c.mode, err)
		}
	}
}

func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	for _, name := range []string{"access.yaml", "t"} {
		path := accesstest.File(t, "access.yaml", "callers: [{name: a, token_file: t}]\n", "t", secret)
		if err := os.Chown(filepath.Join(filepath.Dir(path), name), 12345, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := access.Open(access.Options{Path: path}); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Errorf("%s of another user: %v", name, err)
		}
	}
}

// TestNumbersAreTexts has names that YAML takes for numbers; they stay as they are written.
func TestNumbersAreTexts(t *testing.T) {
	t.Parallel()
	path := accesstest.File(t, "access.yaml", `
callers:
  - {name: 007, token_sha256: "`+sumOf(t, secret)+`", profile: 1_0, allow: [1e3, 0x10], rate: 12}
profiles: {1_0: {environment: {HUAWEICLOUD_PROJECT_ID: 0123}}}
`)
	gate, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	c, err := gate.Identify(t.Context(), secret)
	if err != nil || c.Name != "007" || c.Profile != "1_0" || c.Limits.PerMinute != 12 || c.Policy.Allow[0].String() != "1e3" || c.Policy.Allow[1].String() != "0x10" {
		t.Errorf("the caller is %+v, %v", c, err)
	}
	p, _, _ := gate.Profile("1_0")
	if value, _ := p.LookupEnv(os.LookupEnv)("HUAWEICLOUD_PROJECT_ID"); value != "0123" {
		t.Errorf("the variable is %q", value)
	}
}

// TestShortTokens has the hash of a word in the file, as somebody may copy it from anywhere.
func TestShortTokens(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"test", "password", strings.Repeat("a", 19)} {
		path := accesstest.File(t, "access.yaml", fmt.Sprintf("callers: [{name: a, token_sha256: \"%x\"}]\n", sha256.Sum256([]byte(word))))
		gate, err := access.Open(access.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		refused(t, gate, word, access.Invalid)
	}
}

// TestDocumentedHashes sees to it that nobody is admitted by what somebody copied from the documentation.
func TestDocumentedHashes(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("../../docs", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, line := range regexp.MustCompile("token_sha256: *[\"'\x60]?[0-9A-Fa-f]{64}").FindAll(text, -1) {
			t.Errorf("%s shows a hash that counts: %s", path, line)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBrokenFileIsRemembered(t *testing.T) {
	t.Parallel()
	path := accesstest.File(t, "access.yaml", "callers: []\n")
	gate, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	gate.OnChange(func() { changes++ })
	rewrite(t, path, "callers: [\n")
	if err := gate.Reload(); err == nil || changes != 0 {
		t.Errorf("a broken file: %v, %d changes", err, changes)
	}
	rewrite(t, path, "callers: []\n")
	if err := gate.Reload(); err != nil || changes != 1 {
		t.Errorf("a good file again: %v, %d changes", err, changes)
	}
}

func TestUnmatchedRules(t *testing.T) {
	t.Parallel()
	path := accesstest.File(t, "access.yaml", `
callers:
  - {name: ci, token_sha256: "`+sumOf(t, secret)+`", allow: [drs_*, "hint:idempotent"], deny: [drs_exprot]}
oauth:
  resource: https://r/mcp
  issuer: https://i
  rules: [{when: {groups: x}, deny: [rfs_*]}]
`)
	gate, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`drs_exprot of the caller "ci"`, `rfs_* of the oauth rule for "groups"="x"`}
	if diff := cmp.Diff(want, gate.Unmatched([]access.Tool{{Name: "drs_export"}})); diff != "" {
		t.Error(diff)
	}
}

// rewrite changes a file in place, as an editor does that keeps it.
func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFileChanges(t *testing.T) {
	t.Parallel()
	one := "callers:\n  - {name: a, token_sha256: \"" + sumOf(t, secret) + "\"}\n"
	path := accesstest.File(t, "access.yaml", one, "t", "")
	gate, err := access.Open(access.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, "callers: [\n")
	if err := gate.Reload(); err == nil {
		t.Error("a broken file was taken")
	}
	if _, err := gate.Identify(t.Context(), secret); err != nil {
		t.Errorf("a broken file took away the old one: %v", err)
	}
	rewrite(t, path, "callers: []\n")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := gate.Identify(t.Context(), secret); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a token that was taken away still works after 10 s")
		}
	}
	if gate.Guards() {
		t.Error("a file that admits nobody guards")
	}
	rewrite(t, path, one)
	if err := gate.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := gate.Reload(); err == nil {
		t.Error("a file that is gone was read")
	}
	if _, err := gate.Identify(t.Context(), secret); err != nil {
		t.Errorf("a file that is gone took away what it said: %v", err)
	}
}

func TestNewTokens(t *testing.T) {
	t.Parallel()
	a, b := access.NewToken(), access.NewToken()
	if a == b || !access.IsToken(a) || len(a) < 40 {
		t.Errorf("tokens are %q and %q", a, b)
	}
	if sumOf(t, a) != sumOf(t, " "+a+"\n") {
		t.Error("white space around a token counts")
	}
	for _, bad := range []string{"", "short", secret + " with a space", secret + "\x00", secret + "é"} {
		if _, err := access.Hash(bad); err == nil || len(bad) > 10 && strings.Contains(err.Error(), bad) {
			t.Errorf("hashing %q: %v", bad, err)
		}
	}
}
