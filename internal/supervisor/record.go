package supervisor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// traceLevel is hclog's trace, one step below slog's debug.
const traceLevel = slog.LevelDebug - 4

// record is a line of a plugin's standard error as it was meant.
type record struct {
	level   slog.Level
	message string
	fields  []field // in a stable order
}

type field struct{ key, value string }

// parseRecord reads the JSON of log/slog ("level", "msg") and of hclog ("@level", "@message"). Whatever has another
// shape or another type is taken as it is: the output of a plugin cannot be wrong.
func parseRecord(line []byte) record {
	plain := record{level: slog.LevelInfo, message: string(line)}
	trimmed := bytes.TrimSpace(line)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return plain
	}
	decoder := json.NewDecoder(bytes.NewReader(trimmed))
	decoder.UseNumber()
	var raw map[string]any
	if err := decoder.Decode(&raw); err != nil || decoder.More() {
		return plain
	}
	message, ours := take(raw, "msg", "@message")
	if !ours {
		return plain
	}
	level, _ := take(raw, "level", "@level")
	take(raw, "time", "@timestamp") // the host's log has its own
	r := record{level: levelOf(level), message: message}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		r.fields = append(r.fields, field{key: strings.TrimPrefix(key, "@"), value: textOf(raw[key])})
	}
	return r
}

// take removes the keys from the object and returns the text of the first that was there.
func take(raw map[string]any, keys ...string) (text string, found bool) {
	for _, key := range keys {
		if v, ok := raw[key]; ok {
			delete(raw, key)
			if !found {
				text, found = textOf(v), true
			}
		}
	}
	return text, found
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil, bool, json.Number:
		return fmt.Sprint(v)
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

func levelOf(text string) slog.Level {
	var level slog.Level
	switch {
	case strings.EqualFold(text, "trace"):
		return traceLevel
	case level.UnmarshalText([]byte(text)) == nil:
		return min(max(level, traceLevel), slog.LevelError)
	}
	return slog.LevelInfo
}

// String is the record on one line, for error messages.
func (r record) String() string {
	var b strings.Builder
	b.WriteString(r.message)
	for _, f := range r.fields {
		fmt.Fprintf(&b, " %s=%s", f.key, f.value)
	}
	return b.String()
}
