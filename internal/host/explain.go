package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

const (
	maxProblems    = 10  // listed of one call's arguments
	maxShownLength = 100 // runes of a wrong value that a message repeats
)

// explain turns a validator's tree of errors into sentences that name the argument, the value's problem and the way on.
func (s *schema) explain(invalid *jsonschema.ValidationError) []string {
	var problems []string
	for _, leaf := range leaves(invalid) {
		problems = append(problems, s.sentences(leaf)...)
	}
	slices.Sort(problems)
	problems = slices.Compact(problems)
	if extra := len(problems) - maxProblems; extra > 0 {
		problems = append(problems[:maxProblems], fmt.Sprintf("… and %d more", extra))
	}
	return problems
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

func (s *schema) sentences(leaf *jsonschema.ValidationError) []string {
	var sentences []string
	within := s.at(leaf.InstanceLocation)
	switch k := leaf.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			missing := append(slices.Clone(leaf.InstanceLocation), name)
			sentences = append(sentences, fmt.Sprintf("argument %q is missing%s", argumentName(missing), described(s.at(missing))))
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			unknown := append(slices.Clone(leaf.InstanceLocation), name)
			sentences = append(sentences, fmt.Sprintf("argument %q is not known; %s", argumentName(unknown), knownNames(within)))
		}
	default:
		sentences = append(sentences, fmt.Sprintf("argument %q %s%s",
			argumentName(leaf.InstanceLocation), problem(leaf.ErrorKind), described(within)))
	}
	return sentences
}

func problem(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, not %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		return fmt.Sprintf("must be one of %s, not %s", list(k.Want), shown(k.Got))
	case *kind.Pattern:
		return fmt.Sprintf("has the value %s, which does not match %s", shown(k.Got), k.Want)
	case *kind.Format:
		return fmt.Sprintf("has the value %s, which is not a valid %s", shown(k.Got), k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("is too short: %d characters, at least %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("is too long: %d characters, at most %d", k.Got, k.Want)
	}
	return "is wrong: " + k.LocalizedString(message.NewPrinter(language.English))
}

// at returns the schema of the value at a location inside the arguments; nil when there is none.
func (s *schema) at(location []string) map[string]any {
	node := s.document
	for _, step := range location {
		properties, _ := node["properties"].(map[string]any)
		next, known := properties[step].(map[string]any)
		if !known {
			next, _ = node["items"].(map[string]any)
		}
		node = next
	}
	return node
}

func described(schema map[string]any) string {
	if text, _ := schema["description"].(string); text != "" {
		return ": " + text
	}
	return ""
}

func knownNames(schema map[string]any) string {
	properties, _ := schema["properties"].(map[string]any)
	if len(properties) == 0 {
		return "there are no arguments here"
	}
	return "known are " + strings.Join(slices.Sorted(maps.Keys(properties)), ", ")
}

func argumentName(location []string) string {
	if len(location) == 0 {
		return "(all)"
	}
	return shorten(strings.Join(location, "/"))
}

func list(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = shown(v)
	}
	return strings.Join(texts, ", ")
}

func shown(value any) string {
	if text, isText := value.(string); isText {
		return fmt.Sprintf("%q", shorten(text))
	}
	return shorten(fmt.Sprint(value))
}

func shorten(text string) string { return clip(text, maxShownLength) }

func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
