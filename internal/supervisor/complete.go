package supervisor

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// maxCompletions is MCP's bound on one answer, which a plugin in another language may not keep.
const maxCompletions = 100

// brokeWait is how long the news of a process's end may take after its connection broke.
const brokeWait = 50 * time.Millisecond

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
	answer, broke, err := p.complete(ctx, c)
	if broke && ctx.Err() == nil { // a question may be asked twice
		answer, _, err = p.complete(ctx, c)
	}
	if err != nil {
		return nil, 0, err
	}
	values, total = p.suggestions(answer)
	return values, total, nil
}

// suggestions are the values of an answer as they may be shown.
func (p *Plugin) suggestions(answer *pluginv1.CompleteResponse) (values []string, total int) {
	for _, v := range answer.GetValues()[:min(maxCompletions, len(answer.GetValues()))] {
		values = append(values, p.secrets.line(v, false, messageBytes))
	}
	return values, max(len(answer.GetValues()), int(answer.GetTotal()))
}

// complete asks once. It reports whether the process broke meanwhile, or had before and nobody knew.
func (p *Plugin) complete(ctx context.Context, c Completion) (answer *pluginv1.CompleteResponse, broke bool, err error) {
	proc, failure := p.acquire(ctx)
	if failure != nil {
		return nil, false, failure
	}
	defer p.release(proc)
	answer, err = proc.link.Complete(ctx, &pluginv1.CompleteRequest{
		Kind: c.Kind, Name: c.Name, Argument: c.Argument, Value: c.Value, Arguments: c.Arguments,
	})
	if err == nil {
		p.answered(proc)
		return answer, false, nil
	}
	if code := status.Code(err); code == codes.Unavailable || code == codes.Canceled { // which a plugin may say, too; the latter of a connection that is being closed
		news := time.NewTimer(brokeWait)
		defer news.Stop()
		select {
		case <-proc.child.dead:
			broke = true
		case <-news.C:
		case <-ctx.Done():
		}
	}
	return nil, broke, fmt.Errorf("completing %s: %s", c.Argument, p.secrets.line(statusText(err), false, messageBytes))
}
