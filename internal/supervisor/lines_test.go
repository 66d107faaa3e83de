package supervisor

import (
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSplitter(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", captureBytes)
	for name, test := range map[string]struct {
		writes []string
		want   []string
		cut    int
	}{
		"lines":      {[]string{"one\ntwo\r\n", "\nth", "ree\n"}, []string{"one", "two", "", "three"}, 0},
		"no newline": {[]string{"one\nrest"}, []string{"one", "rest"}, 0},
		"fits":       {[]string{long + "\n"}, []string{long}, 0},
		"too long":   {[]string{long + "b", "cd\nnext\n"}, []string{long, "next"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			cut := 0
			s := &splitter{emit: func(l outputLine) { got = append(got, string(l.text)); cut += l.cut }}
			for _, w := range test.writes {
				if n, err := s.Write([]byte(w)); n != len(w) || err != nil {
					t.Errorf("Write returned %d, %v", n, err)
				}
			}
			s.flush()
			s.flush()
			if diff := cmp.Diff(test.want, got); diff != "" || cut != test.cut {
				t.Errorf("cut %d, lines (-want +got):\n%s", cut, diff)
			}
		})
	}
}

func TestSplitterKeepsLittle(t *testing.T) {
	t.Parallel()
	tail := ""
	s := &splitter{emit: func(l outputLine) { tail = string(l.tail()) }}
	chunk := []byte(strings.Repeat("x", 1<<20))
	for range 64 {
		_, _ = s.Write(chunk)
	}
	if kept := cap(s.head) + cap(s.ending); kept > 4*captureBytes {
		t.Errorf("%d bytes are kept of a long line", kept)
	}
	_, _ = s.Write([]byte("the end\n"))
	if !strings.HasSuffix(tail, "xthe end") {
		t.Errorf("the end of the line is %q", tail[max(0, len(tail)-20):])
	}
	if cap(s.head) > 4<<10 {
		t.Errorf("%d bytes are kept after the line", cap(s.head))
	}
}

func TestHandshakeFilter(t *testing.T) {
	t.Parallel()
	const shake = "1|1|unix|/tmp/a b/plugin1|grpc|"
	for name, test := range map[string]struct{ output, want, noise string }{
		"alone":       {shake + "\n", shake, ""},
		"after noise": {"hello\n1|2\n" + shake + "\n", shake, "hello;1|2"},
		"glued":       {"no newline 5" + shake + "\n", shake, "no newline 5"},
		"after 8 MiB": {strings.Repeat("x", 8<<20) + shake + "\n", shake, ""},
		"twice":       {shake + "\n1|1|unix|/other|grpc|\n", shake, "1|1|unix|/other|grpc|"},
		"multiplex":   {"1|1|tcp|127.0.0.1:1|grpc||true\r\n", "1|1|tcp|127.0.0.1:1|grpc||true", ""},
		"never":       {"1|1|unix\n|||||\n", "", "1|1|unix;|||||"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var noise []string
			f := newHandshakeFilter(func(l outputLine) {
				if len(l.text) > 0 && len(l.text) < 100 {
					noise = append(noise, string(l.text))
				}
			})
			var writing sync.WaitGroup
			writing.Go(func() {
				s := &splitter{emit: f.line}
				_, _ = s.Write([]byte(test.output))
				f.close()
			})
			got, err := io.ReadAll(f.reader)
			if err != nil {
				t.Fatal(err)
			}
			writing.Wait()
			if strings.TrimSuffix(string(got), "\n") != test.want {
				t.Errorf("passed on %q; want %q", got, test.want)
			}
			if strings.Join(noise, ";") != test.noise {
				t.Errorf("the noise is %q; want %q", noise, test.noise)
			}
		})
	}
}

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		network, address string
		ok               bool
	}{
		{"unix", "/run/p/1/plugin", true}, {"unix", "/run/p/1/sub/plugin", true}, {"unix", "/run/p/2/plugin", false},
		{"unix", "/run/p/1/../2/plugin", false}, {"unix", "/run/p/1", false}, {"unix", "@abstract", false},
		{"tcp", "127.0.0.1:10000", true}, {"tcp", "[::1]:1", true}, {"tcp", "10.0.0.1:1", false}, {"tcp", "localhost", false},
		{"udp", "127.0.0.1:1", false},
	} {
		if err := checkAddress("/run/p/1", test.network, test.address); (err == nil) != test.ok {
			t.Errorf("%s %s: %v", test.network, test.address, err)
		}
	}
}

func TestParseRecord(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]record{
		"text":                        {level: slog.LevelInfo, message: "text"},
		`{"msg":"m","level":"DEBUG"}`: {level: slog.LevelDebug, message: "m"},
		`{"msg":"m","level":"INFO+2","b":{"c":"<"},"a":null}`: {
			level: slog.LevelInfo + 2, message: "m", fields: []field{{"a", "<nil>"}, {"b", `{"c":"<"}`}}},
		`{"@message":"m","@level":"trace","@module":"x","@timestamp":"t"}`: {level: traceLevel, message: "m", fields: []field{{"module", "x"}}},
		`{"@message":42}`:                    {level: slog.LevelInfo, message: "42"},
		`{"@message":{"a":[]},"@level":[1]}`: {level: slog.LevelInfo, message: `{"a":[]}`},
		`{"msg":"m","level":"ERROR+999"}`:    {level: slog.LevelError, message: "m"},
		`{"other":1}`:                        {level: slog.LevelInfo, message: `{"other":1}`},
		`{"msg":"m"} trailing`:               {level: slog.LevelInfo, message: `{"msg":"m"} trailing`},
		`{"msg":"m"`:                         {level: slog.LevelInfo, message: `{"msg":"m"`},
		`[1]`:                                {level: slog.LevelInfo, message: `[1]`},
	} {
		if diff := cmp.Diff(want, parseRecord([]byte(line)), cmp.AllowUnexported(record{}, field{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	var l limiter
	now := time.Unix(1_000_000, 0)
	allowed := 0
	for range 2 * lineBurst {
		if l.allow(now) {
			allowed++
		}
	}
	if allowed != lineBurst {
		t.Errorf("%d lines passed at once; want %d", allowed, lineBurst)
	}
	if n := l.takeDropped(now); n != lineBurst {
		t.Errorf("%d lines were counted as dropped", n)
	}
	now = now.Add(time.Second / 2)
	for range lineBurst {
		if l.allow(now) {
			allowed++
		}
	}
	if allowed != lineBurst+linesPerSecond/2 {
		t.Errorf("%d lines passed after half a second", allowed-lineBurst)
	}
	if n := l.takeDropped(now); n != 0 {
		t.Error("drops were told twice within a second")
	}
	if n := l.takeDropped(now.Add(time.Second)); n != lineBurst-linesPerSecond/2 {
		t.Errorf("%d lines were counted as dropped later", n)
	}
}

func FuzzLogLine(f *testing.F) {
	for _, seed := range []string{"", "a", `{"@message":42}`, `{"msg":{},"level":[]}`, "\x1b\xff", `{"msg":"hunter22"}`, "https://a/b?c"} {
		f.Add([]byte(seed))
	}
	secrets := &redactor{}
	secrets.add("hunter22")
	f.Fuzz(func(t *testing.T, line []byte) {
		got := secrets.line(parseRecord(line).String(), true, messageBytes)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x1b\x00") || len(got) > messageBytes+100 {
			t.Errorf("%q became %q", line, got)
		}
		if strings.Contains(got, "hunter22") {
			t.Errorf("the secret is in %q", got)
		}
	})
}
