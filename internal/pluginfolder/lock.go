package pluginfolder

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mcp-server/sdk"
)

// LockName is the lock file's name, by default in the plugins folder.
const LockName = "plugins.lock.json"

// ErrNotAccepted is the cause of errors of a binary, or a manifest, that the lock file does not accept.
var ErrNotAccepted = errors.New("the lock file does not accept it")

// Lock is what a lock file accepts.
type Lock struct {
	// Path is the file's.
	Path string
	// Plugins are by name.
	Plugins map[string]Locked
}

// Locked is one accepted binary.
type Locked struct {
	Version     string          `json:"version"`
	SHA256      string          `json:"sha256"`
	Permissions sdk.Permissions `json:"permissions"`
	// Tools are what was accepted with it, by name, so that an upgrade can be shown as what changes for those who call them.
	Tools []LockedTool `json:"tools,omitempty"`
}

// LockedTool is the part of a tool that a caller depends on: how it is called, and what an agent is told of it. Its title, icons and limits
// may change without anybody's harm.
type LockedTool struct {
	Name         string          `json:"name"`
	Aliases      []string        `json:"aliases,omitempty"`
	Description  string          `json:"description,omitempty"`
	Hints        sdk.Hints       `json:"hints"`
	InputSchema  json.RawMessage `json:"input_schema"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
}

// Accept returns what a lock file says of a binary with this manifest and digest.
func Accept(m sdk.Manifest, sha256 string) Locked {
	locked := Locked{Version: m.Version, SHA256: sha256, Permissions: m.Permissions}
	for _, t := range m.Tools {
		locked.Tools = append(locked.Tools, LockedTool{
			Name: t.Name, Aliases: t.Aliases, Description: t.Description, Hints: t.Hints,
			InputSchema: t.InputSchema, OutputSchema: t.OutputSchema,
		})
	}
	slices.SortStableFunc(locked.Tools, func(a, b LockedTool) int { return strings.Compare(a.Name, b.Name) })
	return locked
}

// Check says why a binary must not run: it is not in the lock file, or differs from what is. The message names what changed, and the command that
// accepts it; its cause is [ErrNotAccepted]. A nil lock accepts everything.
func (l *Lock) Check(name, sha256 string) error {
	locked, err := l.find(name)
	if l == nil || err != nil || locked.SHA256 == sha256 {
		return err
	}
	return l.refuse(fmt.Sprintf("plugin %s is another file than the lock file %s accepts: version %s has sha256 %s, and this file has %s",
		name, l.Path, locked.Version, abbreviate(locked.SHA256), abbreviate(sha256)), name)
}

// CheckPermissions says what a manifest asks for beyond what the lock file accepts. The same digest means the same manifest for a compiled
// binary; a script may read its manifest from anywhere. Its cause is [ErrNotAccepted]. A nil lock accepts everything.
func (l *Lock) CheckPermissions(name string, asked sdk.Permissions) error {
	locked, err := l.find(name)
	if l == nil || err != nil {
		return err
	}
	extra := beyond(asked, locked.Permissions)
	if len(extra) == 0 {
		return nil
	}
	return l.refuse(fmt.Sprintf("plugin %s asks for more than the lock file %s accepts: %s", name, l.Path, strings.Join(extra, ", ")), name)
}

func (l *Lock) find(name string) (Locked, error) {
	if l == nil {
		return Locked{}, nil
	}
	locked, ok := l.Plugins[name]
	if !ok {
		return locked, l.refuse(fmt.Sprintf("plugin %s is not in the lock file %s", name, l.Path), name)
	}
	return locked, nil
}

func (l *Lock) refuse(what, name string) error {
	return &refusal{fmt.Sprintf("%s; look at it with `mcp-server plugin inspect %s`, and accept it with `mcp-server plugin lock %s`", what, name, name)}
}

// refusal has a text that stands alone, where wrapping would say the same twice.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func (r *refusal) Unwrap() error { return ErrNotAccepted }

// beyond names each thing that is asked for and not granted.
func beyond(asked, granted sdk.Permissions) []string {
	var extra []string
	for _, host := range asked.Hosts {
		if !slices.ContainsFunc(granted.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
			extra = append(extra, "the host "+host)
		}
	}
	for _, v := range asked.Environment {
		at := slices.IndexFunc(granted.Environment, func(g sdk.EnvVar) bool { return g.Name == v.Name })
		switch {
		case at < 0:
			extra = append(extra, "the variable "+v.Name)
		case granted.Environment[at].Secret && !v.Secret:
			extra = append(extra, "the variable "+v.Name+" as no secret")
		}
	}
	for _, folder := range asked.Folders {
		if !slices.Contains(granted.Folders, folder) {
			extra = append(extra, "the folder "+folder)
		}
	}
	if asked.MemoryMiB > granted.MemoryMiB {
		extra = append(extra, fmt.Sprintf("%d MiB of memory", asked.MemoryMiB))
	}
	return extra
}

func abbreviate(digest string) string {
	if len(digest) > 12 {
		return digest[:12] + "…"
	}
	return digest
}
