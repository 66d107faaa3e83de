package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
)

// missingTool is a name that no plugin has.
const missingTool = "trial_there_is_no_such_tool"

// largeBytes is more than gRPC takes when nobody says otherwise: 4 MiB.
const largeBytes = 5 << 20

func (t *trial) health(ctx context.Context) (string, error) {
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	return "", p.serving(ctx)
}

// configure hands over nothing, twice, and then what there is.
func (t *trial) configure(ctx context.Context) (string, error) {
	p, err := t.come(ctx)
	if err != nil {
		return "", err
	}
	var problem error
	for range 2 {
		if _, err := p.client.Configure(ctx, &pluginv1.ConfigureRequest{}); err != nil {
			problem = fmt.Errorf("configuring it with nothing: %w; a missing variable is an error of the call that needs it", p.explain(ctx, err))
		}
	}
	if err := t.handConfiguration(ctx, p); err != nil {
		t.unusable = "it takes no configuration"
		return "", cmp.Or(problem, err)
	}
	return "", problem
}

func (t *trial) unknownTool(ctx context.Context) (string, error) {
	return "", t.refuses(ctx, []byte("{}"), "return the status NotFound for a tool that is not there")
}

func (t *trial) largeArguments(ctx context.Context) (string, error) {
	arguments := `{"text":"` + strings.Repeat("a", largeBytes) + `"}`
	return "", t.refuses(ctx, []byte(arguments),
		"raise the server's limit for what it receives to 16 MiB: gRPC takes 4 MiB when nobody says otherwise")
}

// refuses calls a tool that does not exist.
func (t *trial) refuses(ctx context.Context, arguments []byte, way string) error {
	p, err := t.running(ctx)
	if err != nil {
		return err
	}
	_, err = t.call(ctx, p, missingTool, arguments)
	if status.Code(err) == codes.NotFound {
		return t.lives(ctx, p, "the call")
	}
	if err == nil {
		return fmt.Errorf("it answered with a result; %s", way)
	}
	return fmt.Errorf("%w; want NotFound: %s", p.explain(ctx, err), way)
}

func (t *trial) badArguments(ctx context.Context) (string, error) {
	name := t.harmless()
	if name == "" {
		return "", skip("it has no tool that is read-only or idempotent")
	}
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	_, err = t.call(ctx, p, name, []byte("["))
	if err == nil {
		return "", fmt.Errorf("%s answered with a result to the arguments [; answer with an error of the code invalid_argument", name)
	}
	if p.isDead() || status.Code(err) == codes.Unavailable || ctx.Err() != nil {
		return "", p.explain(ctx, err)
	}
	return "", t.lives(ctx, p, "the call")
}

// harmless is a tool that may get arguments which it must refuse, even if it does not; empty when there is none.
func (t *trial) harmless() string {
	if t.tool != nil && t.tool.repeatable() {
		return t.tool.Name
	}
	for _, m := range t.manifest.Tools {
		if m.Hints.ReadOnly || m.Hints.Idempotent {
			return m.Name
		}
	}
	return ""
}

func (t *trial) runningAnswers(ctx context.Context) (string, error) {
	p, err := t.running(ctx)
	if err != nil {
		return "", err
	}
	answer, err := p.client.Running(ctx, &pluginv1.RunningRequest{})
	if err != nil {
		t.blind = true
		return "", fmt.Errorf("%w; implement the rpc Running: it returns the ids of the calls whose tools still run", p.explain(ctx, err))
	}
	if ids := answer.GetCallIds(); len(ids) > 0 {
		return "", fmt.Errorf("it names calls that have ended: %s", visible.Quote(strings.Join(ids, ", "), noiseBytes))
	}
	return "", nil
}

// call calls a tool, in a folder of its own if it stores files. The error is a tool's own, or that of the connection.
func (t *trial) call(ctx context.Context, p *instance, name string, arguments []byte) ([]byte, error) {
	return pluginv1.Invoke(ctx, p.client, t.startOf(name, arguments), pluginv1.Events{})
}

// startOf is the first message of a call.
func (t *trial) startOf(name string, arguments []byte) *pluginv1.Start {
	t.number++
	start := &pluginv1.Start{Tool: name, Arguments: arguments, CallId: fmt.Sprintf("trial-%d", t.number), Client: &pluginv1.Client{}}
	if t.tool == nil || t.tool.Name != name {
		return start
	}
	start.Client.Tasks = t.tool.TaskRequired
	folder, err := t.stagingFor(start.GetCallId())
	if err != nil {
		t.Logger.Warn("a call gets no folder", "err", err)
	}
	start.StagingDir = folder
	return start
}

// answerOf is what a call came to, in words; a tool's own error is an answer.
func (p *instance) answerOf(ctx context.Context, err error) error {
	if failure, ok := errors.AsType[pluginv1.Failure](err); ok {
		return fmt.Errorf("the tool answered with an error (%s): %s", visible.Quote(failure.Detail.GetCode(), 50), visible.Quote(failure.Detail.GetMessage(), wordsBytes))
	}
	return p.explain(ctx, err)
}
