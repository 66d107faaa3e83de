package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/lmittmann/tint"
)

type hostile string

func (h hostile) LogValue() slog.Value { return slog.StringValue(string(h)) }

// TestTerminalIsNotSteered logs what could clear the operator's screen, begin a line of its own or turn text around.
func TestTerminalIsNotSteered(t *testing.T) {
	t.Parallel()
	const bad = "a\x1b[2Jb\u009bc\rd\ne\u202ef\u2066g\u200bh\x7fi\u2028j\xffk\a"
	const want = `a\x1b[2Jb\u009bc\rd\ne\u202ef\u2066g\u200bh\x7fi\u2028j\xffk\a`
	for name, log := range map[string]func(*slog.Logger){
		"message":    func(l *slog.Logger) { l.Info(bad) },
		"name":       func(l *slog.Logger) { l.Info("m", bad, 1) },
		"value":      func(l *slog.Logger) { l.Info("m", "k", bad) },
		"error":      func(l *slog.Logger) { l.Info("m", "err", errors.New(bad)) },
		"tint's":     func(l *slog.Logger) { l.Info("m", tint.Err(errors.New(bad))) },
		"bytes":      func(l *slog.Logger) { l.Info("m", "k", []byte(bad)) },
		"list":       func(l *slog.Logger) { l.Info("m", "k", []string{bad}) },
		"map":        func(l *slog.Logger) { l.Info("m", "k", map[string]any{bad: bad}) },
		"group":      func(l *slog.Logger) { l.Info("m", slog.Group("g", "k", bad)) },
		"group name": func(l *slog.Logger) { l.WithGroup(bad).Info("m", "k", 1) },
		"valuer":     func(l *slog.Logger) { l.Info("m", "k", hostile(bad)) },
		"with":       func(l *slog.Logger) { l.With("k", bad).Info("m") },
	} {
		for _, colour := range []bool{true, false} {
			var out bytes.Buffer
			log(newTerminalLogger(&out, slog.LevelInfo, colour))
			text := out.String()
			for _, own := range []string{"\x1b[0m", "\x1b[2m", "\x1b[92m", "\x1b[91m", "\x1b[22m"} {
				text = strings.ReplaceAll(text, own, "")
			}
			text, ended := strings.CutSuffix(text, "\n")
			// Quoted once more where the value has spaces and the like.
			if !ended || strings.ContainsFunc(text, steers) || !strings.Contains(text, want) && !strings.Contains(text, strings.ReplaceAll(want, `\`, `\\`)) {
				t.Errorf("%s: %q", name, out.String())
			}
		}
	}
}

// TestTerminalShowsTheRest leaves alone what steers nothing.
func TestTerminalShowsTheRest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var none *netip.Addr
	newTerminalLogger(&out, slog.LevelInfo, false).Info("ünïcode 漢字 \ufffd", "path", `C:\x`, "n", 5, "none", nil, "nil", none, "addr", netip.MustParseAddr("::1"))
	for _, want := range []string{"ünïcode 漢字 \ufffd", `path=C:\x`, "n=5", "none=<nil>", "nil=<nil>", "addr=::1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
}
