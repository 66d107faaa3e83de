package host

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"mcp-server/internal/supervisor"
	"mcp-server/internal/telemetry"
	"mcp-server/sdk"
)

// The states of a plugin beside those of its processes (package supervisor).
const (
	StateRefused = "refused"  // nothing of it is offered
	StateUnknown = "starting" // it has not said yet what it offers
	StateSeveral = "several"  // its processes are in different states
	// StateAttached is that of a plugin which somebody else runs, under a debugger.
	StateAttached = "attached"
)

// PluginStatus is what can be said of one plugin of the folder at one moment.
type PluginStatus struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"` // none when it is attached
	SHA256  string `json:"sha256,omitempty"`
	State   string `json:"state"`
	// Reason says why it is refused, or what went wrong last.
	Reason string `json:"reason,omitempty"`
	// Tools are those that it offers, and ListBytes what they take of tools/list.
	Tools     []string `json:"tools"`
	ListBytes int      `json:"list_bytes"`
	// Processes are those that have run in this server, one for each profile of credentials.
	Processes []ProcessStatus `json:"processes,omitempty"`

	Manifest sdk.Manifest `json:"-"`
}

// ProcessStatus is how the process of a plugin with one profile's credentials is.
type ProcessStatus struct {
	Profile string `json:"profile,omitempty"`
	supervisor.Status
}

// Plugins says how every plugin is, of the folder and attached ones, sorted by name.
func (h *Host) Plugins() []PluginStatus {
	h.mu.RLock()
	items, tools, starting := h.shelf.sorted(), h.catalog.tools, h.catalog.starting
	h.mu.RUnlock()
	all := []PluginStatus{}
	for _, name := range starting {
		all = append(all, PluginStatus{Name: name, State: StateUnknown, Tools: []string{}})
	}
	for _, it := range items {
		if it.binary.Path == "" && !it.attached {
			continue
		}
		s := PluginStatus{
			Name: it.name, Version: it.offer.version, Path: it.binary.Path, SHA256: it.known.SHA256, Manifest: it.known.Manifest,
			Tools: []string{}, Processes: h.processesOf(it),
		}
		for _, t := range tools {
			if t.item == it {
				s.Tools = append(s.Tools, t.Name)
				s.ListBytes += t.listBytes()
			}
		}
		slices.Sort(s.Tools)
		s.judge(it)
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b PluginStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (s *PluginStatus) judge(it *item) {
	switch {
	case it.refused != "":
		s.State, s.Reason = StateRefused, it.refused
	case it.attached:
		s.State = StateAttached
	case len(s.Processes) == 0:
		s.State = supervisor.StateIdle
	}
	for _, p := range s.Processes {
		if s.State != "" && s.State != p.State {
			s.State = StateSeveral
			break
		}
		s.State = p.State
	}
	for _, p := range s.Processes {
		s.Reason = cmp.Or(s.Reason, p.LastError)
	}
}

// processesOf are a binary's processes, the server's own first.
func (h *Host) processesOf(it *item) []ProcessStatus {
	h.tenants.mu.Lock()
	defer h.tenants.mu.Unlock()
	var all []ProcessStatus
	for profile, t := range h.tenants.byName {
		t.mu.Lock()
		if p := t.plugins[it]; p != nil {
			all = append(all, ProcessStatus{profile, p.Status()})
		}
		t.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b ProcessStatus) int { return strings.Compare(a.Profile, b.Profile) })
	return all
}

// listBytes is what the tool takes of tools/list.
func (t Tool) listBytes() int {
	text, err := json.Marshal(t.Definition())
	if err != nil {
		return 0
	}
	return len(text)
}

// pluginStates are for metrics: each plugin by the states of its processes, and one that has none by its own.
func (h *Host) pluginStates() []telemetry.PluginState {
	var all []telemetry.PluginState
	for _, p := range h.Plugins() {
		count := map[string]int{}
		for _, process := range p.Processes {
			count[process.State]++
		}
		if len(count) == 0 {
			count[p.State] = 1
		}
		for _, state := range []string{StateRefused, supervisor.StateIdle, supervisor.StateStarting, supervisor.StateRunning, supervisor.StateBroken} {
			all = append(all, telemetry.PluginState{Plugin: p.Name, State: state, Processes: count[state]})
		}
	}
	return all
}
