package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

const (
	redacted = "[redacted]"
	// maxDepth bounds how deep arguments are looked into.
	maxDepth = 50
	// maxNumber is the longest number that is written as one.
	maxNumber = 64
	// maxArguments is how long arguments may be, in bytes; longer ones are left out with their size.
	maxArguments = 256 << 10
	// maxText is how much of one text is looked at, and maxSearched of all texts together: the search is slow, and a line
	// has room for 16 KiB.
	maxText, maxSearched = 8 << 10, 64 << 10
)

// member is one property of an object, after redaction; two may have got the same name.
type member struct {
	name  string
	value any
}

// arguments returns the arguments without secrets, as JSON of at most room bytes. What does not fit is cut value by value,
// and at last left out with its size.
func (c *cleaner) arguments(raw json.RawMessage, r Redaction, room int) []byte {
	if len(raw) > maxArguments {
		return fmt.Appendf(nil, `"[%d bytes, too many to show]"`, len(raw))
	}
	tree, err := decode(raw)
	if err != nil {
		return fmt.Appendf(nil, `"[%d bytes that are not JSON]"`, len(raw))
	}
	secrets := r.marks()
	if secrets.all {
		return []byte(`"` + redacted + `"`)
	}
	tree = c.value(tree, secrets, 0)
	for _, limit := range []int{maxValue, 128, 32} {
		out := &limited{room: room, value: limit}
		out.write(tree)
		if !out.full {
			return out.Bytes()
		}
	}
	return fmt.Appendf(nil, `"[%d bytes, too many to show]"`, len(raw))
}

func decode(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value")
	}
	return tree, nil
}

// value returns a copy without secrets: objects as []member, whatever else as the decoder has it.
func (c *cleaner) value(v any, m marks, depth int) any {
	if depth > maxDepth {
		return "[too deep]"
	}
	switch v := v.(type) {
	case map[string]any:
		return c.object(v, m, depth)
	case []any:
		items := make([]any, len(v))
		for n, item := range v {
			items[n] = c.value(item, m, depth+1)
		}
		return items
	case json.Number:
		if text := c.text(v.String()); text != v.String() || len(text) > maxNumber {
			return text
		}
		return v
	case string:
		return c.string(v, m, depth)
	}
	return v
}

// string also looks into JSON that is written as a text, because a property in there has a name too.
func (c *cleaner) string(s string, m marks, depth int) string {
	if start := strings.TrimSpace(s); strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[") {
		if tree, err := decode([]byte(s)); err == nil {
			out := &limited{room: len(s) * 8, value: len(s) * 8}
			out.write(c.value(tree, m, depth+1))
			s = out.String()
		}
	}
	return c.text(s)
}

func (c *cleaner) object(v map[string]any, secrets marks, depth int) []member {
	pair := namesSecret(v)
	members := make([]member, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		m := member{name: c.text(name)}
		switch {
		case v[name] == nil:
		case secretName(name) || secrets.has(name) || pair && lastWord(name) == "value":
			m.value = redacted
		default:
			m.value = c.value(v[name], secrets, depth+1)
		}
		members = append(members, m)
	}
	return members
}

// namesSecret reports whether an object is a pair, as {"name": "db_password", "value": …}, that is about a secret.
func namesSecret(v map[string]any) bool {
	for name, value := range v {
		text, ok := value.(string)
		if last := lastWord(name); ok && (last == "name" || last == "key") && secretName(text) {
			return true
		}
	}
	return false
}

// limited writes JSON until there is no more room.
type limited struct {
	bytes.Buffer
	room, value int
	full        bool
}

func (l *limited) put(b []byte) {
	if l.full = l.full || l.Len()+len(b) > l.room; !l.full {
		l.Write(b)
	}
}

func (l *limited) write(v any) {
	if l.full {
		return
	}
	switch v := v.(type) {
	case nil:
		l.put([]byte("null"))
	case bool:
		l.put(fmt.Append(nil, v))
	case json.Number:
		l.put([]byte(v.String()))
	case string:
		l.put(quote(v, l.value))
	case []any:
		l.put([]byte{'['})
		for n, item := range v {
			if n > 0 {
				l.put([]byte{','})
			}
			l.write(item)
		}
		l.put([]byte{']'})
	case []member:
		l.put([]byte{'{'})
		for n, m := range v {
			if n > 0 {
				l.put([]byte{','})
			}
			l.put(quote(m.name, l.value))
			l.put([]byte{':'})
			l.write(m.value)
		}
		l.put([]byte{'}'})
	}
}
