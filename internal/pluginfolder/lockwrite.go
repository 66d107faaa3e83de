package pluginfolder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mcp-server/sdk"
)

// lockWriter writes indented objects whose innermost values, such as schemas, have a line each: indented in full they fill pages in which
// nobody would see a changed digest.
type lockWriter struct {
	bytes.Buffer
	depth int
	err   error
}

func encodeLock(l Lock) ([]byte, error) {
	names := slices.Sorted(maps.Keys(l.Plugins))
	for _, name := range names {
		if err := validLocked(name, l.Plugins[name]); err != nil {
			return nil, fmt.Errorf("plugin %q: %w", name, err)
		}
	}
	var w lockWriter
	w.block("{", "}", func(next func(key string)) {
		next("version")
		w.value(lockVersion)
		next("plugins")
		w.block("{", "}", func(next func(key string)) {
			for _, name := range names {
				next(name)
				w.locked(l.Plugins[name])
			}
		})
	})
	w.WriteString("\n")
	return w.Bytes(), w.err
}

func (w *lockWriter) locked(l Locked) {
	w.block("{", "}", func(next func(key string)) {
		next("version")
		w.value(l.Version)
		next("sha256")
		w.value(l.SHA256)
		next("permissions")
		w.permissions(l.Permissions)
		if len(l.Tools) == 0 {
			return
		}
		next("tools")
		w.block("[", "]", func(next func(key string)) {
			for _, t := range l.Tools {
				next("")
				w.tool(t)
			}
		})
	})
}

func (w *lockWriter) permissions(p sdk.Permissions) {
	w.block("{", "}", func(next func(key string)) {
		if len(p.Hosts) > 0 {
			next("hosts")
			w.value(p.Hosts)
		}
		if len(p.Environment) > 0 {
			next("environment")
			w.block("[", "]", func(next func(key string)) {
				for _, v := range p.Environment {
					next("")
					w.value(v)
				}
			})
		}
		if len(p.Folders) > 0 {
			next("folders")
			w.value(p.Folders)
		}
		if p.MemoryMiB != 0 {
			next("memory_mib")
			w.value(p.MemoryMiB)
		}
	})
}

func (w *lockWriter) tool(t LockedTool) {
	w.block("{", "}", func(next func(key string)) {
		next("name")
		w.value(t.Name)
		if len(t.Aliases) > 0 {
			next("aliases")
			w.value(t.Aliases)
		}
		if t.Description != "" {
			next("description")
			w.value(t.Description)
		}
		next("hints")
		w.value(t.Hints)
		if len(t.InputSchema) > 0 {
			next("input_schema")
			w.value(t.InputSchema)
		}
		if len(t.OutputSchema) > 0 {
			next("output_schema")
			w.value(t.OutputSchema)
		}
	})
}

// block writes an object or an array. Its members call next before each value; an element of an array has no key.
func (w *lockWriter) block(begin, end string, members func(next func(key string))) {
	w.WriteString(begin)
	w.depth++
	written := 0
	members(func(key string) {
		if written > 0 {
			w.WriteString(",")
		}
		w.line()
		if begin == "{" {
			w.value(key)
			w.WriteString(": ")
		}
		written++
	})
	w.depth--
	if written > 0 {
		w.line()
	}
	w.WriteString(end)
}

func (w *lockWriter) line() { w.WriteString("\n" + strings.Repeat("  ", w.depth)) }

// value writes JSON on one line as a reader wants it: < and & are themselves.
func (w *lockWriter) value(v any) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		w.err = err
		return
	}
	w.Truncate(w.Len() - 1) // its line end
}
