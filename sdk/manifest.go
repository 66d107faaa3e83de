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
	// Prompts and Resources are what it offers beside tools.
	Prompts     []PromptManifest   `json:"prompts,omitempty"`
	Resources   []ResourceManifest `json:"resources,omitempty"`
	Permissions Permissions        `json:"permissions"`
	// Acknowledges says that every call that must not be sent twice waits for the answer to its event Begun. The SDK always
	// does it.
	Acknowledges bool `json:"acknowledges,omitempty"`
}

// ToolManifest is one tool as a host sees it. The schemas are JSON Schema 2020-12, as bytes.
type ToolManifest struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	// Aliases are earlier names, under which calls are still answered. No list shows them.
	Aliases     []string        `json:"aliases,omitempty"`
	Hints       Hints           `json:"hints"`
	InputSchema json.RawMessage `json:"input_schema"`
	// OutputSchema is empty for a tool whose result is content blocks: {"content": [...]}.
	OutputSchema   json.RawMessage `json:"output_schema,omitempty"`
	TimeoutSeconds int             `json:"timeout_seconds,omitempty"`
	// StoresFiles says that calls get a folder to write files into. It is true for a tool whose result holds artifacts.
	StoresFiles bool `json:"stores_files,omitempty"`
	// TaskRequired says that only a client which can wait for a task may call it.
	TaskRequired bool `json:"task_required,omitempty"`
	// Unlisted keeps it out of tools/list until a call lists it.
	Unlisted bool   `json:"unlisted,omitempty"`
	Icons    []Icon `json:"icons,omitempty"`
	// Completes names the arguments whose values the plugin can suggest.
	Completes []string `json:"completes,omitempty"`
}

// PromptManifest is one prompt as a host sees it.
type PromptManifest struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Arguments   []PromptArgument `json:"arguments,omitempty"`
	Icons       []Icon           `json:"icons,omitempty"`
	Unlisted    bool             `json:"unlisted,omitempty"`
}

// PromptArgument is one argument of a prompt; its value is a string.
type PromptArgument struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Required    bool   `json:"required,omitempty"`
	// Completes says that the plugin can suggest values.
	Completes bool `json:"completes,omitempty"`
}

// ResourceManifest is one resource, or a template of many, as a host sees it.
type ResourceManifest struct {
	URI         string `json:"uri"`
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description"`
	MediaType   string `json:"media_type,omitempty"`
	Icons       []Icon `json:"icons,omitempty"`
	// Completes names the template's variables whose values the plugin can suggest.
	Completes []string `json:"completes,omitempty"`
}

// Manifest reflects the tools' schemas and returns the plugin's description of itself.
func (p Plugin) Manifest() (Manifest, error) {
	if err := p.Validate(); err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Name: p.Name, Version: p.Version, Description: p.Description, Instructions: p.Instructions,
		Permissions: p.Permissions, Acknowledges: true, Tools: make([]ToolManifest, 0, len(p.Tools)),
	}
	for _, tool := range p.Tools {
		described, err := tool.manifest()
		if err != nil {
			return Manifest{}, fmt.Errorf("tool %q: %w", tool.spec.Name, err)
		}
		m.Tools = append(m.Tools, described)
	}
	for _, prompt := range p.Prompts {
		m.Prompts = append(m.Prompts, prompt.manifest())
	}
	for _, resource := range p.Resources {
		m.Resources = append(m.Resources, resource.manifest())
	}
	return m, nil
}
