package sdk

import (
	"errors"
	"fmt"
	"regexp"
)

// Plugin is what one binary offers. It is data: a function returns it, [Serve] checks it as a whole and serves it.
type Plugin struct {
	// Name names the binary: lower-case letters, digits and hyphens, such as "htap-download-template".
	Name string
	// Version is the plugin's own version, such as "1.2.0".
	Version string
	// Description says in a sentence what the plugin is for.
	Description string
	// Instructions tell an agent how the tools fit together; the host adds them to the server's instructions.
	Instructions string
	// Tools are the plugin's tools, each made by [NewTool].
	Tools []Tool
	// Permissions are all that the plugin gets from its surroundings.
	Permissions Permissions
}

// Permissions are what a plugin declares that it needs. It gets nothing else.
type Permissions struct {
	// Hosts are the host names it talks to; a leading "*." stands for any labels.
	Hosts []string `json:"hosts,omitempty"`
	// Environment are the variables of the host's environment that it reads. They arrive by value after the start, so
	// os.Getenv finds them in a tool, while the process list never shows them.
	Environment []EnvVar `json:"environment,omitempty"`
	// Folders are the folders it reads; a leading "~" stands for the home folder.
	Folders []string `json:"folders,omitempty"`
}

// EnvVar is one variable that a plugin reads.
type EnvVar struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Secret marks a value that the host removes from every log line and error of the plugin.
	Secret bool `json:"secret,omitempty"`
}

var (
	pluginName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	envName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// Validate reports every mistake in the plugin's definition that can be seen without running it: names, descriptions,
// and argument types that have no usable schema.
func (p Plugin) Validate() error {
	var problems []error
	if !pluginName.MatchString(p.Name) {
		problems = append(problems, fmt.Errorf("plugin name %q: want lower-case letters, digits and hyphens", p.Name))
	}
	if p.Version == "" {
		problems = append(problems, errors.New("plugin version is empty"))
	}
	if len(p.Tools) == 0 {
		problems = append(problems, errors.New("the plugin has no tools"))
	}
	seen := map[string]bool{}
	for _, tool := range p.Tools {
		if seen[tool.spec.Name] {
			problems = append(problems, fmt.Errorf("tool %q is defined twice", tool.spec.Name))
		}
		seen[tool.spec.Name] = true
		if err := tool.validate(); err != nil {
			problems = append(problems, fmt.Errorf("tool %q: %w", tool.spec.Name, err))
		}
	}
	for _, v := range p.Permissions.Environment {
		if !envName.MatchString(v.Name) {
			problems = append(problems, fmt.Errorf("environment name %q is not a variable name", v.Name))
		}
	}
	return errors.Join(problems...)
}
