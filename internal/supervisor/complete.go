package supervisor

import (
	"context"
	"fmt"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// maxCompletions is MCP's bound on one answer, which a plugin in another language may not keep.
const maxCompletions = 100

// Completion is a question for values of an argument.
type Completion struct {
	// Kind says whether Name names a tool, a prompt or a resource.
	Kind pluginv1.Kind
	Name string
	sdk.Completion
}

// Complete asks the plugin for values of an argument, and starts it first when it does not run. It returns at most 100
// values, without secrets and printable, and how many there are in all.
func (p *Plugin) Complete(ctx context.Context, c Completion) (values []string, total int, err error) {
	proc, failure := p.acquire(ctx)
	if failure != nil {
		return nil, 0, failure
	}
	defer p.release(proc)
	answer, err := proc.link.Complete(ctx, &pluginv1.CompleteRequest{
		Kind: c.Kind, Name: c.Name, Argument: c.Argument, Value: c.Value, Arguments: c.Arguments,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("completing %s: %s", c.Argument, p.secrets.line(statusText(err), false, messageBytes))
	}
	p.answered(proc)
	for _, v := range answer.GetValues()[:min(maxCompletions, len(answer.GetValues()))] {
		values = append(values, p.secrets.line(v, false, messageBytes))
	}
	return values, max(len(answer.GetValues()), int(answer.GetTotal())), nil
}
