package sdk

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkTexts checks what people read of a tool or a prompt.
func checkTexts(name, title, description string) error {
	var problems []error
	if !toolName().MatchString(name) {
		problems = append(problems, errors.New("the name must be snake case of at most 60 characters"))
	}
	if title == "" {
		problems = append(problems, errors.New("the title is empty"))
	}
	if n := len([]rune(description)); n < 40 || n > 400 || !strings.HasSuffix(description, ".") {
		problems = append(problems, fmt.Errorf("the description has %d characters; want 40 to 400 that end with a full stop", n))
	}
	return errors.Join(problems...)
}

// checkIcons wants addresses (Icon.src of MCP). A data: URI is allowed there, too, but would be repeated in every list, and some
// clients refuse it.
func checkIcons(icons []Icon) error {
	var problems []error
	for _, icon := range icons {
		if !strings.HasPrefix(icon.Src, "https://") {
			problems = append(problems, fmt.Errorf("icon %.60q is not an https URL", icon.Src))
		}
	}
	return errors.Join(problems...)
}

// checkCompleters wants each completer to belong to something that has a value.
func checkCompleters(c Completers, arguments []string) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if !slices.Contains(arguments, name) {
			problems = append(problems, fmt.Errorf("it completes %q, which is no argument", name))
		}
		if c[name] == nil {
			problems = append(problems, fmt.Errorf("the completer of %q is nil", name))
		}
	}
	return errors.Join(problems...)
}
