package pluginfolder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	lockVersion = 1
	maxLock     = 32 << 20
)

// ReadLock reads a lock file; nil without an error when there is none. One that cannot be read or understood is an error: nothing
// must run then.
func ReadLock(path string) (*Lock, error) {
	content, err := readLockFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock file %q, without which no plugin runs: %w", path, err)
	}
	l, err := decodeLock(content)
	if err != nil {
		return nil, fmt.Errorf("reading the lock file %q: %w; mend it, or remove it and write it anew with `mcp-server plugin lock`", path, err)
	}
	l.Path = path
	return l, nil
}

// readLockFile returns [fs.ErrNotExist] only if there is nothing by that name, not even a link to nowhere.
func readLockFile(path string) ([]byte, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, reason(err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it is a link to a file that does not exist; mend or remove it")
	}
	if err != nil {
		return nil, fmt.Errorf("%w; let this user read it", reason(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case openToAll(info):
		return nil, errors.New("every user may write to it; take that away with chmod o-w")
	case info.Size() > maxLock:
		return nil, fmt.Errorf("it has %d bytes, at most %d", info.Size(), maxLock)
	}
	content := make([]byte, info.Size())
	n, err := f.ReadAt(content, 0)
	if n < len(content) {
		return nil, fmt.Errorf("it is being written: %w", reason(err))
	}
	return content, nil
}

// WriteLock replaces the lock file at once, and keeps its mode. The same content gives the same bytes. Behind a link it is the link's target
// that is written.
func WriteLock(path string, l Lock) error {
	content, err := encodeLock(l)
	if err != nil {
		return fmt.Errorf("writing the lock file %q: %w", path, err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := replaceFile(path, content, mode, true); err != nil {
		return fmt.Errorf("writing the lock file %q: %w", path, err)
	}
	return nil
}

// encodeLock gives a schema one line: indented it fills pages in which nobody would see a changed digest.
func encodeLock(l Lock) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n  \"version\": %d,\n  \"plugins\": {", lockVersion)
	for i, name := range slices.Sorted(maps.Keys(l.Plugins)) {
		locked := l.Plugins[name]
		if err := validLocked(name, locked); err != nil {
			return nil, fmt.Errorf("plugin %q: %w", name, err)
		}
		out.WriteString(comma(i))
		key, err := oneLine(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "\n    %s: {", key)
		if err := encodeLocked(&out, locked); err != nil {
			return nil, fmt.Errorf("plugin %q: %w", name, err)
		}
		out.WriteString("\n    }")
	}
	if len(l.Plugins) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("}\n}\n")
	return out.Bytes(), nil
}

func encodeLocked(out *bytes.Buffer, l Locked) error {
	permissions, err := oneLine(l.Permissions)
	if err != nil {
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, permissions, "      ", "  "); err != nil {
		return err
	}
	version, err := oneLine(l.Version)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n      \"version\": %s,\n      \"sha256\": %q,\n      \"permissions\": %s", version, l.SHA256, indented.Bytes())
	if len(l.Tools) == 0 {
		return nil
	}
	out.WriteString(",\n      \"tools\": [")
	for i, t := range l.Tools {
		out.WriteString(comma(i))
		if err := encodeTool(out, t); err != nil {
			return fmt.Errorf("tool %q: %w", t.Name, err)
		}
	}
	out.WriteString("\n      ]")
	return nil
}

// encodeTool gives each field a line.
func encodeTool(out *bytes.Buffer, t LockedTool) error {
	type field struct {
		key   string
		value any
		skip  bool
	}
	out.WriteString("\n        {")
	written := 0
	for _, f := range []field{
		{key: "name", value: t.Name}, {"aliases", t.Aliases, len(t.Aliases) == 0}, {"description", t.Description, t.Description == ""},
		{key: "hints", value: t.Hints}, {"input_schema", t.InputSchema, len(t.InputSchema) == 0}, {"output_schema", t.OutputSchema, len(t.OutputSchema) == 0},
	} {
		if f.skip {
			continue
		}
		value, err := oneLine(f.value)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n          %q: %s", comma(written), f.key, value)
		written++
	}
	out.WriteString("\n        }")
	return nil
}

// oneLine is JSON as a reader wants it: < and & are themselves.
func oneLine(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// validLocked refuses what could never match.
func validLocked(name string, l Locked) error {
	if name == "" {
		return errors.New("a plugin has no name")
	}
	if len(l.SHA256) != 64 || strings.Trim(l.SHA256, "0123456789abcdef") != "" {
		return fmt.Errorf("its sha256 %q is not 64 lower-case hexadecimal digits", l.SHA256)
	}
	return nil
}
