package sdk

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	// Prompts are templates of messages that a person chooses, each made by [NewPrompt].
	Prompts []Prompt
	// Resources are what clients can read of the plugin.
	Resources []Resource
	// Permissions are all that the plugin gets from its surroundings.
	Permissions Permissions
}

// Permissions are what a plugin declares that it needs. It gets nothing else.
type Permissions struct {
	// Hosts are what it connects to: a name, a name behind "*." that stands for any labels, or an address, each with a port
	// if that is neither 443 nor 80; or $VARIABLE for the host and the port of the URL in a declared variable, and the names below
	// that host; or a network such as 100.125.0.0/16. Addresses that are not public must be named here, alone or by their network, or by a
	// variable, to be reached, also by a name that is declared.
	Hosts []string `json:"hosts,omitempty"`
	// Environment are the variables of the host's environment that it reads. They arrive by value after the start, so
	// os.Getenv finds them in a tool, while the process list never shows them.
	Environment []EnvVar `json:"environment,omitempty"`
	// Folders are the folders and files it reads: absolute paths, "~" for the home folder in front, or $VARIABLE for the path in a
	// declared variable.
	Folders []string `json:"folders,omitempty"`
	// MemoryMiB is the most memory it may use, if the host's default is too little.
	MemoryMiB int `json:"memory_mib,omitempty"`
}

// EnvVar is one variable that a plugin reads.
type EnvVar struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Secret marks a value that the host removes from every log line and error of the plugin.
	Secret bool `json:"secret,omitempty"`
}

var (
	pluginName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`) })
	envName    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
)

// Validate reports every mistake in the plugin's definition that can be seen without running it: names, descriptions,
// and argument types that have no usable schema.
func (p Plugin) Validate() error {
	var problems []error
	if !pluginName().MatchString(p.Name) {
		problems = append(problems, fmt.Errorf("plugin name %q: want lower-case letters, digits and hyphens", p.Name))
	}
	if p.Version == "" {
		problems = append(problems, errors.New("plugin version is empty"))
	}
	if len(p.Tools)+len(p.Prompts)+len(p.Resources) == 0 {
		problems = append(problems, errors.New("the plugin has no tools, no prompts and no resources"))
	}
	seen := map[string]bool{}
	for _, tool := range p.Tools {
		for _, name := range append([]string{tool.spec.Name}, tool.spec.Aliases...) {
			if seen[name] {
				problems = append(problems, fmt.Errorf("tool %q is defined twice", name))
			}
			seen[name] = true
		}
		if err := tool.validate(); err != nil {
			problems = append(problems, fmt.Errorf("tool %q: %w", tool.spec.Name, err))
		}
	}
	return errors.Join(append(problems, p.validatePrompts(), p.validateResources(), p.Permissions.validate())...)
}

// validate reports names that are none, and hosts and folders that refer to variables which are not declared.
func (p Permissions) validate() error {
	var problems []error
	declared := map[string]bool{}
	for _, v := range p.Environment {
		declared[v.Name] = true
		if !envName().MatchString(v.Name) {
			problems = append(problems, fmt.Errorf("environment name %q is not a variable name", v.Name))
		}
	}
	for _, entry := range slices.Concat(p.Hosts, p.Folders) {
		if name, isVariable := strings.CutPrefix(entry, "$"); isVariable && !declared[name] {
			problems = append(problems, fmt.Errorf("permission %q names a variable that is not declared", entry))
		}
	}
	if p.MemoryMiB < 0 {
		problems = append(problems, fmt.Errorf("the memory of %d MiB is negative", p.MemoryMiB))
	}
	return errors.Join(problems...)
}

func (p Plugin) validatePrompts() error {
	var problems []error
	seen := map[string]bool{}
	for _, prompt := range p.Prompts {
		if seen[prompt.spec.Name] {
			problems = append(problems, fmt.Errorf("prompt %q is defined twice", prompt.spec.Name))
		}
		seen[prompt.spec.Name] = true
		if err := prompt.validate(); err != nil {
			problems = append(problems, fmt.Errorf("prompt %q: %w", prompt.spec.Name, err))
		}
	}
	return errors.Join(problems...)
}

func (p Plugin) validateResources() error {
	var problems []error
	seen := map[string]bool{}
	for _, resource := range p.Resources {
		if seen[resource.URI] {
			problems = append(problems, fmt.Errorf("resource %q is defined twice", resource.URI))
		}
		seen[resource.URI] = true
		if err := resource.validate(); err != nil {
			problems = append(problems, fmt.Errorf("resource %q: %w", resource.URI, err))
		}
	}
	return errors.Join(problems...)
}
