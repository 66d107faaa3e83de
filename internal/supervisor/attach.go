package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// AttachedPlugin is a plugin that somebody else runs. It is called as any other; what breaks stays broken until it is started again.
type AttachedPlugin struct {
	plugin *Plugin // for its log and its secrets
	link   link
}

// Attach connects to a plugin that runs already, asks it what it is and configures it. The connection ends with Close.
func (s *Supervisor) Attach(ctx context.Context, name string, to Attached) (*AttachedPlugin, Description, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StartTimeout)
	defer cancel()
	l, err := dialAttached(ctx, to)
	if err != nil {
		return nil, Description{}, err
	}
	a := &AttachedPlugin{plugin: s.Plugin(pluginfolder.Binary{Name: name}, Known{}), link: l}
	d, err := a.introduce(ctx)
	if err != nil {
		_ = l.conn.Close()
		return nil, Description{}, fmt.Errorf("attaching to the plugin %s: %w", name, err)
	}
	return a, d, nil
}

func (a *AttachedPlugin) introduce(ctx context.Context) (d Description, err error) {
	answer, err := a.link.Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		return d, errors.New(statusText(err))
	}
	d.Raw = answer.GetManifest()
	if err := json.Unmarshal(d.Raw, &d.Manifest); err != nil {
		return d, fmt.Errorf("reading its description: %w", err)
	}
	if err := checkManifest(d.Manifest); err != nil {
		return d, err
	}
	if _, err := a.link.Configure(ctx, &pluginv1.ConfigureRequest{Environment: a.plugin.declared(d.Manifest)}); err != nil {
		return d, fmt.Errorf("taking its configuration: %s", statusText(err))
	}
	return d, nil
}

// Call runs one tool. Nothing is repeated: whoever debugs wants to see each call once.
func (a *AttachedPlugin) Call(ctx context.Context, r Request, ev pluginv1.Events) (json.RawMessage, error) {
	result, err := pluginv1.Invoke(ctx, a.link, &pluginv1.Start{
		Tool: r.Tool, Arguments: r.Arguments, CallId: r.CallID, StagingDir: r.StagingDir, Kind: r.Kind, Client: r.Client, TraceParent: r.TraceParent,
	}, a.plugin.guard(ev))
	if err == nil {
		return result, nil
	}
	if failure, ok := errors.AsType[pluginv1.Failure](err); ok {
		return nil, a.plugin.toolError(failure.Detail)
	}
	if ctx.Err() != nil || status.Code(err) == codes.DeadlineExceeded {
		return nil, sdk.AsError(errors.Join(ctx.Err(), a.plugin.cause(err)))
	}
	return nil, &sdk.Error{
		Code: sdk.CodeUnavailable, Source: sdk.SourcePlugin, Cause: errors.Join(ErrInterrupted, a.plugin.cause(err)),
		Message: fmt.Sprintf("the plugin %s, which is attached, does not answer (%s); start it again, and the server with the line that it prints",
			a.plugin.name(), a.plugin.secrets.line(statusText(err), false, 1000)),
	}
}

// Complete asks the plugin for values of an argument.
func (a *AttachedPlugin) Complete(ctx context.Context, c Completion) (values []string, total int, err error) {
	answer, err := a.link.Complete(ctx, &pluginv1.CompleteRequest{
		Kind: c.Kind, Name: c.Name, Argument: c.Argument, Value: c.Value, Arguments: c.Arguments,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("completing %s: %s", c.Argument, a.plugin.secrets.line(statusText(err), false, messageBytes))
	}
	values, total = a.plugin.suggestions(answer)
	return values, total, nil
}

// Close ends the connection; the process goes on.
func (a *AttachedPlugin) Close() { _ = a.link.conn.Close() }
