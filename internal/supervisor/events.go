package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/sdk"
)

// guard removes secrets from the progress and the log lines of a call, and makes them printable. Files pass as they are.
func (p *Plugin) guard(ev pluginv1.Events) pluginv1.Events {
	guarded := pluginv1.Events{
		Begun: ev.Begun,
		File:  ev.File, Claim: ev.Claim, Receiving: ev.Receiving, Background: ev.Background, Listing: ev.Listing,
	}
	if ev.Ask != nil {
		guarded.Ask = func(ctx context.Context, e *pluginv1.Ask) *pluginv1.AskReply {
			for _, q := range e.GetQuestions() {
				q.Params = rewriteTexts(q.GetParams(), func(text string) string { return p.secrets.lines(text, questionBytes) })
			}
			return ev.Ask(ctx, e)
		}
	}
	if ev.Updated != nil {
		guarded.Updated = func(e *pluginv1.Updated) {
			if p.secrets.values(e.GetUri()) == e.GetUri() { // with a secret it is no resource that a client knows
				ev.Updated(e)
			}
		}
	}
	if ev.CloudRequest != nil {
		guarded.CloudRequest = func(e *pluginv1.CloudRequest) {
			for _, text := range []*string{&e.Method, &e.Endpoint, &e.Route, &e.Region, &e.RequestId, &e.Error} {
				*text = p.secrets.line(*text, false, fieldBytes)
			}
			ev.CloudRequest(e)
		}
	}
	if ev.Release != nil {
		guarded.Release = func(e *pluginv1.Release) {
			e.Reason = p.secrets.line(e.GetReason(), false, messageBytes)
			ev.Release(e)
		}
	}
	if ev.Progress != nil {
		guarded.Progress = func(e *pluginv1.Progress) {
			e.Message = p.secrets.line(e.GetMessage(), false, messageBytes)
			ev.Progress(e)
		}
	}
	if ev.Log != nil {
		var limit limiter // the events of a call come one after the other
		guarded.Log = func(e *pluginv1.Log) {
			if !limit.allow(time.Now()) {
				return
			}
			if dropped := limit.takeDropped(time.Now()); dropped > 0 {
				ev.Log(&pluginv1.Log{Level: int32(slog.LevelWarn), Message: fmt.Sprintf("%d log lines of this call were dropped", dropped)})
			}
			e.Message = p.secrets.line(e.GetMessage(), false, messageBytes)
			e.Attributes = p.attributes(e.GetAttributes())
			ev.Log(e)
		}
	}
	return guarded
}

// fieldBytes bounds what a plugin says of a request to its service, field by field.
const fieldBytes = 300

// attributes returns a JSON object of texts without secrets, whatever the plugin sent.
func (p *Plugin) attributes(raw []byte) []byte {
	var values map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &values) != nil {
		return nil
	}
	clean := make(map[string]string, len(values))
	for key, v := range values {
		if len(clean) == maxFields {
			break
		}
		clean[p.secrets.line(key, false, 100)] = p.secrets.line(textOf(v), false, messageBytes)
	}
	encoded, err := json.Marshal(clean)
	if err != nil {
		return nil
	}
	return encoded
}

// toolError is the tool's own error, without secrets.
func (p *Plugin) toolError(d *pluginv1.Error) *sdk.Error {
	e := &sdk.Error{
		Code: sdk.Code(visible.Line(d.GetCode(), 50)), Source: sdk.Source(visible.Line(d.GetSource(), 50)),
		Message:    p.secrets.lines(d.GetMessage(), messageLimit),
		RetryAfter: max(0, time.Duration(d.GetRetryAfterMs())*time.Millisecond),
	}
	if e.Code == "" {
		e.Code = sdk.CodeUnknown
	}
	if e.Source == "" {
		e.Source = sdk.SourcePlugin
	}
	if e.Message == "" {
		e.Message = "plugin " + p.name() + " answered with an error that has no message"
	}
	return e
}
