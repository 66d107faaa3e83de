package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/access/accesstest"
)

// runToken runs one command and returns what it printed.
func runToken(t *testing.T, in string, args ...string) (code int, out, problem string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"token"}, args...), streams{in: strings.NewReader(in), out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// TestTokenNew pastes what the command prints into an access file, and calls with the token.
func TestTokenNew(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"new", "ci"}, {"new", "ci", "--days", "90"}} {
		code, out, problem := runToken(t, "", args...)
		token, lines, _ := strings.Cut(out, "\n")
		if code != exitDone || problem != "" || !access.IsToken(token) {
			t.Fatalf("%v: %d %q %q", args, code, out, problem)
		}
		if strings.Contains(lines, token) {
			t.Errorf("the token is among the lines for the file: %q", out)
		}
		path := accesstest.File(t, "access.yaml", "callers:\n"+lines)
		gate, err := access.Open(access.Options{Path: path})
		if err != nil {
			t.Fatalf("%v\n%s", err, lines)
		}
		if c, err := gate.Identify(t.Context(), token); err != nil || c.Name != "ci" {
			t.Errorf("the caller is %+v, %v", c, err)
		}
	}
}

func TestTokenNewAsJSON(t *testing.T) {
	t.Parallel()
	code, out, _ := runToken(t, "", "new", "ci", "-o", "json", "--days", "1")
	var made madeToken
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != exitDone {
		t.Fatalf("%d %q: %v", code, out, err)
	}
	sum, err := access.Hash(made.Token)
	if err != nil || sum != made.SHA256 || made.Name != "ci" {
		t.Errorf("made %+v, %v", made, err)
	}
	if _, err := time.Parse(time.RFC3339, made.Expires); err != nil {
		t.Error(err)
	}
}

// TestTokenQuiet has the token alone, for a file or a pipe.
func TestTokenQuiet(t *testing.T) {
	t.Parallel()
	code, out, problem := runToken(t, "", "new", "ci", "--quiet")
	token, rest, _ := strings.Cut(out, "\n")
	if code != exitDone || rest != "" || problem != "" || !access.IsToken(token) || len(token) < 40 {
		t.Errorf("%d %q %q", code, out, problem)
	}
}

func TestTokenHash(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-the-tests-of-tokens"
	code, out, _ := runToken(t, token+"\n", "hash")
	if want := fmt.Sprintf("%x\n", sha256.Sum256([]byte(token))); code != exitDone || out != want {
		t.Errorf("%d %q, want %q", code, out, want)
	}
}

func TestTokenMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		args []string
		want string
	}{
		{"", []string{"new"}, "the name of the caller"},
		{"", []string{"new", "a", "b"}, "the name of the caller"},
		{"", []string{"new", "a b"}, "is no name"},
		{"", []string{"new", "oauth:a"}, "is no name"},
		{"", []string{"new", "a", "--days", "-1"}, "no number of days"},
		{"", []string{"make"}, "there is no command"},
		{"short", []string{"hash"}, "shorter than"},
		{strings.Repeat("a", 70<<10), []string{"hash"}, "no Authorization header carries"},
		{"", []string{"hash", "x"}, "unknown command"},
	} {
		if code, out, problem := runToken(t, c.in, c.args...); code != exitUsage || out != "" || !strings.Contains(problem, c.want) {
			t.Errorf("%v: %d %q %q", c.args, code, out, problem)
		}
	}
}
