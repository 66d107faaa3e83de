package trial

import (
	"strings"
	"testing"
)

func TestTargetOf(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"1|1|unix|/f/plugin1|grpc":           "unix:/f/plugin1",
		"1|1|unix|/f/a/b|grpc|":              "unix:/f/a/b",
		"1|1|unix|/f/plugin1|grpc||true":     "unix:/f/plugin1",
		"1|1|tcp|127.0.0.1:1234|grpc":        "passthrough:///127.0.0.1:1234",
		"1|1|tcp|[::1]:1234|grpc|":           "passthrough:///[::1]:1234",
		"1|1|tcp|192.0.2.1:1234|grpc":        "! it listens on tcp",
		"1|1|unix|/f|grpc":                   "! it listens on unix",
		"1|1|unix|/f/../g/plugin1|grpc":      "! it listens on unix",
		"1|1|unix|/tmp/elsewhere|grpc":       "! $PLUGIN_UNIX_SOCKET_DIR",
		"1|2|unix|/f/plugin1|grpc":           "! protocol version 2",
		"2|1|unix|/f/plugin1|grpc":           "! core version 2",
		"1|1|unix|/f/plugin1|netrpc":         "! it speaks netrpc",
		"1|1|unix|/f/plugin1|grpc|MIICRjCC8": "! certificate",
	} {
		got, err := targetOf(line, "/f")
		if words, wrong := strings.CutPrefix(want, "! "); wrong {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: the error is %v; want %q in it", line, err, words)
			}
		} else if got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
}

func TestStandardOutput(t *testing.T) {
	t.Parallel()
	const shake = "1|1|unix|/f/p|grpc|"
	for text, want := range map[string][3]string{
		shake + "\n":                         {"", shake, ""},
		shake + "\r\n":                       {"", shake, ""},
		"noise\n" + shake + "\nmore":         {"noise\n", shake, "more"},
		"no newline" + shake + "\n":          {"no newline", shake, ""},
		shake:                                {shake, "", ""},
		"":                                   {"", "", ""},
		strings.Repeat("x", 1<<17):           {strings.Repeat("x", 1<<17), "", ""},
		shake + "\n" + shake + "\n":          {"", shake, shake + "\n"},
		"1|1|unix|/f/p\n" + shake + "\n\x00": {"1|1|unix|/f/p\n", shake, "\x00"},
	} {
		s := newStdout()
		s.readFrom(strings.NewReader(text))
		before, _ := s.before.since(0)
		after, _ := s.after.since(0)
		if got := [3]string{string(before), s.line, string(after)}; got != want {
			t.Errorf("%.100q: %.300q; want %.300q", text, got, want)
		}
	}
}

func TestDataOf(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"\x08\x01\x12\x02hi": "hi",
		"\x12\x02hi":         "hi",
		"\x08\x01":           "",
		"\x12\x09hi":         "",
		"\xff":               "",
		"":                   "",
	} {
		if got := string(dataOf([]byte(message))); got != want {
			t.Errorf("%q: %q; want %q", message, got, want)
		}
	}
}
