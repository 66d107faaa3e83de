package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"mcp-server/internal/egress"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

// manifestBytes bounds a description: hosts keep all of them in memory.
const manifestBytes = 1 << 20

// handshake starts the plugin as a host does.
func (t *trial) handshake(ctx context.Context) (string, error) {
	p, err := t.come(ctx)
	if err != nil {
		return "", err
	}
	t.unusable = ""
	if _, size := p.stdout.before.since(0); size > 0 {
		return "", fmt.Errorf("something precedes the handshake on standard output (%s); write it to standard error", p.stdout.before.quote())
	}
	return "", nil
}

// describe asks twice, and once more after a new start: hosts keep the answer, and start a process only for calls.
func (t *trial) describe(ctx context.Context) (string, error) {
	var err error
	for i, when := range []string{"", "asked again", "started again"} {
		p := t.plugin
		if p == nil || i == 2 {
			if p, err = t.come(ctx); err != nil {
				return "", err
			}
		}
		answer, err := p.client.Describe(ctx, &pluginv1.DescribeRequest{})
		if err != nil {
			return "", fmt.Errorf("asking what it is: %w", p.explain(ctx, err))
		}
		if i == 0 {
			t.raw = answer.GetManifest()
		} else if !bytes.Equal(t.raw, answer.GetManifest()) {
			t.unsteady = true
			t.accept()
			return "", fmt.Errorf("%s it says something else; leave times, random values and the order of maps out of the description", when)
		}
	}
	t.accept()
	return "", nil
}

// accept takes the description as what the following checks go by. What is wrong with it, judge says.
func (t *trial) accept() {
	if json.Unmarshal(t.raw, &t.manifest) != nil {
		t.manifest = sdk.Manifest{}
	} else if t.Tool != "" {
		t.tool, t.mistake = t.choose()
	}
	if err := t.openDoor(); err == nil {
		t.discard() // the next one gets the way out
	}
}

var (
	pluginName   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`) })
	variableName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
)

// judge says what a host or a client would not take of the description. Warnings are a remark.
func (t *trial) judge(context.Context) (string, error) {
	if len(t.raw) == 0 {
		return "", skip("it did not describe itself")
	}
	if len(t.raw) > manifestBytes {
		return "", fmt.Errorf("the description has %d bytes; at most %d are taken", len(t.raw), manifestBytes)
	}
	var m sdk.Manifest
	if err := json.Unmarshal(t.raw, &m); err != nil {
		return "", fmt.Errorf("reading the description: %w", err)
	}
	problems := surroundings(m)
	if _, err := egress.RulesOf(m.Permissions, t.lookup); err != nil {
		problems = append(problems, err)
	}
	var warnings []string
	for _, f := range toolcheck.Lint(m) {
		if f.Severity == toolcheck.Error {
			problems = append(problems, errors.New(f.String()))
		} else {
			warnings = append(warnings, f.String())
		}
	}
	for _, described := range m.Tools {
		_, err := newTool(described)
		problems = append(problems, err)
	}
	return visible.Quote(strings.Join(warnings, "; "), reasonBytes), errors.Join(problems...)
}

// surroundings are the problems of a description outside its tools.
func surroundings(m sdk.Manifest) []error {
	var problems []error
	if !pluginName().MatchString(m.Name) {
		problems = append(problems, fmt.Errorf("the name %.70q is not usable; want lower-case letters, digits and hyphens", m.Name))
	}
	if m.Version == "" {
		problems = append(problems, errors.New("the version is empty"))
	}
	if len(m.Tools)+len(m.Prompts)+len(m.Resources) == 0 {
		problems = append(problems, errors.New("there are no tools, no prompts and no resources"))
	}
	for _, v := range m.Permissions.Environment {
		if !variableName().MatchString(v.Name) {
			problems = append(problems, fmt.Errorf("the permissions ask for %.70q, which is not the name of a variable", v.Name))
		}
	}
	return problems
}

// choose finds the tool of the options, and makes sure that the arguments fit it, as a host does. The error is a mistake of
// whoever asked; a tool that is described wrongly is none.
func (t *trial) choose() (*tool, error) {
	var names []string
	for _, described := range t.manifest.Tools {
		names = append(names, described.Name)
		if described.Name != t.Tool && !slices.Contains(described.Aliases, t.Tool) {
			continue
		}
		chosen, _ := newTool(described)
		if chosen == nil {
			return nil, nil // judge says what is wrong with it
		}
		if err := fits(chosen.input, t.Arguments); err != nil {
			return nil, mistake("reading the arguments: they do not fit the input schema of %s: %w", described.Name, err)
		}
		return chosen, nil
	}
	return nil, mistake("finding the tool: there is no %q; there are %s", t.Tool, strings.Join(names, ", "))
}
