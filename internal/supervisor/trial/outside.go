package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mcp-server/internal/supervisor/visible"
)

// byHand starts the binary as a person would who does not know what it is.
func (t *trial) byHand(ctx context.Context) (string, error) {
	p, err := t.launch(nil)
	if err != nil {
		return "", fmt.Errorf("starting it: %w", err)
	}
	defer p.end()
	if !p.hasEnded(ctx, t.limits.end) {
		return "", fmt.Errorf("it still runs after %s; end when the variable MCP_SERVER_PLUGIN is not there", t.limits.end)
	}
	if p.cmd.ProcessState.ExitCode() == 0 {
		return "", errors.New("it ended with exit code 0; use another, so that scripts see that nothing was done")
	}
	_, spoken := p.stderr.since(0)
	if _, printed := p.stdout.before.since(0); spoken+printed == 0 {
		return "", errors.New("it says nothing; print that it is a plugin, and what to do with it")
	}
	return "", nil
}

// describeCommand runs the plugin with the argument describe.
func (t *trial) describeCommand(ctx context.Context) (string, error) {
	if t.unsteady || !json.Valid(t.raw) {
		return "", skip("there is no description to compare with")
	}
	p, err := t.launch(nil, "describe")
	if err != nil {
		return "", fmt.Errorf("starting it: %w", err)
	}
	defer p.end()
	if !p.hasEnded(ctx, t.limits.end) {
		return "", fmt.Errorf("it still runs after %s", t.limits.end)
	}
	if !p.cmd.ProcessState.Success() {
		return "", fmt.Errorf("it ended with %s; print the description as JSON when the one argument is describe", p.state())
	}
	printed, _ := p.stdout.before.since(0)
	return "", sameJSON(printed, t.raw)
}

// sameJSON compares what was printed with what the rpc answered.
func sameJSON(printed, described []byte) error {
	a, err := jsonschema.UnmarshalJSON(strings.NewReader(string(printed)))
	if err != nil {
		return fmt.Errorf("what it prints is no JSON (%w); print nothing else on standard output", err)
	}
	b, err := jsonschema.UnmarshalJSON(strings.NewReader(string(described)))
	if err != nil {
		return fmt.Errorf("what Describe answers is no JSON: %w", err)
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Errorf("it prints another description than Describe answers (%s); make both from one value", difference(a, b))
	}
	return nil
}

// difference names a place where two descriptions differ.
func difference(a, b any) string {
	before, isObject := a.(map[string]any)
	after, both := b.(map[string]any)
	if !isObject || !both {
		return "one of them is no object"
	}
	for key := range after {
		if !reflect.DeepEqual(before[key], after[key]) {
			return "in " + visible.Quote(key, noiseBytes)
		}
	}
	return "it has more members"
}
