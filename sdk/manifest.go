package sdk

import (
	"encoding/json"
	"fmt"
)

// Manifest is what a plugin says of itself: the answer to Describe, and what `<plugin> describe` prints.
type Manifest struct {
	Name         string         `json:"name"`
	Version      string         `json:"version"`
	Description  string         `json:"description"`
	Instructions string         `json:"instructions,omitempty"`
	Tools        []ToolManifest `json:"tools"`
	Permissions  Permissions    `json:"permissions"`
}

// ToolManifest is one tool as a host sees it. The schemas are JSON Schema 2020-12, as bytes.
type ToolManifest struct {
	Name           string          `json:"name"`
	Title          string          `json:"title"`
	Description    string          `json:"description"`
	Hints          Hints           `json:"hints"`
	InputSchema    json.RawMessage `json:"input_schema"`
	OutputSchema   json.RawMessage `json:"output_schema"`
	TimeoutSeconds int             `json:"timeout_seconds,omitempty"`
	// StoresFiles says that calls get a folder to write files into. It is true for a tool whose result holds artifacts.
	StoresFiles bool `json:"stores_files,omitempty"`
}

// Manifest reflects the tools' schemas and returns the plugin's description of itself.
func (p Plugin) Manifest() (Manifest, error) {
	if err := p.Validate(); err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Name: p.Name, Version: p.Version, Description: p.Description, Instructions: p.Instructions,
		Permissions: p.Permissions, Tools: make([]ToolManifest, 0, len(p.Tools)),
	}
	for _, tool := range p.Tools {
		described, err := tool.manifest()
		if err != nil {
			return Manifest{}, fmt.Errorf("tool %q: %w", tool.spec.Name, err)
		}
		m.Tools = append(m.Tools, described)
	}
	return m, nil
}
