package access

import (
	"os"
	"strings"
	"testing"
)

// FuzzFile feeds the reader of access files: it never panics, and its errors never show a value.
func FuzzFile(f *testing.F) {
	const value = "canary7canary7"
	f.Add("callers: [{name: a, token_sha256: " + value + "}]")
	f.Add("callers:\n  - name: a\n    token: " + value)
	f.Add("oauth: {resource: https://r, issuer: https://i, rules: [{when: {a: " + value + "}}]}")
	f.Add("profiles: {a: {environment: {A: " + value + "}}}\ncallers: *x")
	if example, err := os.ReadFile("../../docs/access.yaml"); err == nil {
		f.Add(string(example))
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFile([]byte(text))
		if err != nil {
			return
		}
		b := &book{profiles: map[string]Profile{}}
		err = b.fill(parsed, func(string) ([]byte, error) { return []byte("A=" + value), nil })
		if err == nil && parsed.OAuth != nil {
			_, err = newVerifier(*parsed.OAuth, b, nil, newClient())
		}
		if err == nil {
			for _, e := range b.entries {
				if e.caller.Name == "" || strings.Contains(e.caller.Name, ":") {
					t.Errorf("a caller is named %q", e.caller.Name)
				}
			}
		}
	})
}

// FuzzEnvFile feeds the reader of env files.
func FuzzEnvFile(f *testing.F) {
	f.Add("A=1\nexport B='2'\n# c\n")
	f.Add("\ufeffA = \"x\ny\"")
	f.Fuzz(func(t *testing.T, text string) {
		p := Profile{values: map[string]string{}}
		err := p.readEnv(text)
		for name, value := range p.values {
			if name == "" || strings.ContainsAny(name, "= \n") || strings.ContainsAny(value, "\n\x00") {
				t.Errorf("%q=%q, %v", name, value, err)
			}
		}
	})
}

// FuzzRule feeds the reader of rules, which writes what it read.
func FuzzRule(f *testing.F) {
	for _, seed := range []string{"drs_*", "hint:!read_only", "*a*b*", "**"} {
		f.Add(seed, "drs_list_jobs")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		if r.String() != text {
			t.Errorf("%q is written %q", text, r)
		}
		_ = r.Matches(Tool{Name: name})
		if !strings.Contains(text, "*") && r.glob != "" && r.Matches(Tool{Name: name}) != (name == text) {
			t.Errorf("%q matches %q", text, name)
		}
	})
}
