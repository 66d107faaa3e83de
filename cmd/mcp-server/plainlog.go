package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainHandler keeps what others wrote, such as the names of arguments and files, from steering the terminal: control
// characters and those that change how a line reads are escaped, in the message, the names and the values.
type plainHandler struct{ slog.Handler }

// Handle escapes a record.
func (h plainHandler) Handle(ctx context.Context, r slog.Record) error {
	plain := slog.NewRecord(r.Time, r.Level, plainText(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		plain.AddAttrs(plainAttr(a))
		return true
	})
	return h.Handler.Handle(ctx, plain)
}

// WithAttrs escapes what is written with every record.
func (h plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	plain := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		plain[i] = plainAttr(a)
	}
	return plainHandler{h.Handler.WithAttrs(plain)}
}

// WithGroup escapes the group's name.
func (h plainHandler) WithGroup(name string) slog.Handler {
	return plainHandler{h.Handler.WithGroup(plainText(name))}
}

func plainAttr(a slog.Attr) slog.Attr {
	a.Key = plainText(a.Key)
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(plainText(v.String()))
	case slog.KindGroup:
		members := make([]slog.Attr, len(v.Group()))
		for i, member := range v.Group() {
			members[i] = plainAttr(member)
		}
		a.Value = slog.GroupValue(members...)
	case slog.KindAny:
		if _, isSource := v.Any().(*slog.Source); !isSource && v.Any() != nil {
			a.Value = slog.StringValue(plainText(textOfAny(v.Any())))
		}
	default: // numbers and times
		a.Value = v
	}
	return a
}

// textOfAny writes a value as slog's own text does.
func textOfAny(value any) string {
	switch v := value.(type) {
	case []byte:
		return string(v)
	case interface{ MarshalText() ([]byte, error) }:
		return marshaled(v)
	}
	return fmt.Sprintf("%+v", value)
}

// marshaled also takes a nil pointer whose method does not.
func marshaled(v interface{ MarshalText() ([]byte, error) }) (text string) {
	defer func() {
		if recover() != nil {
			text = "<nil>"
		}
	}()
	written, err := v.MarshalText()
	if err != nil {
		return err.Error()
	}
	return string(written)
}

// plainText escapes as Go does. A backslash stays, so that a path is read as it is.
func plainText(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch quoted := strconv.QuoteRuneToASCII(r); {
		case !steers(r):
			b.WriteRune(r)
		case r == utf8.RuneError:
			_, width := utf8.DecodeRuneInString(s[i:])
			b.WriteString(broken(s[i : i+width]))
		default:
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// broken is a byte that is no UTF-8, or the character that stands for one.
func broken(s string) string {
	if len(s) > 1 {
		return s
	}
	return fmt.Sprintf(`\x%02x`, s[0])
}

// steers reports whether a character is more than a sign: controls, those that turn or hide text, and line ends.
func steers(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
