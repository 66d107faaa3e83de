package host

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"mcp-server/internal/audit"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/telemetry"
	"mcp-server/sdk"
)

// measured is what telemetry knows of the call.
func (c *call) measured() telemetry.Call {
	from := c.request.From
	return telemetry.Call{
		ID: c.id, Tool: c.request.Name, Plugin: c.tool.Plugin, Caller: c.caller.Name, Transport: c.host.cfg.Transport,
		TraceParent: from.TraceParent, TraceState: from.TraceState, ProtocolVersion: from.ProtocolVersion,
	}
}

// audited writes down that the call is about to run, where it can change something: what cannot be written down does not
// run.
func (c *call) audited() *CallError {
	if err := c.host.cfg.Audit.Begin(c.entry()); err != nil {
		return c.fail(PhasePolicy, &sdk.Error{
			Code: sdk.CodeUnavailable, Source: sdk.SourceHost, Cause: err,
			Message: "the call was not made, because it can change something and the audit log cannot be written; whoever runs the server finds the reason in its log",
		})
	}
	return nil
}

// entry is what the audit log knows of the call so far.
func (c *call) entry() audit.Entry {
	e := audit.Entry{
		CallID: c.id, Caller: c.caller.Name, Profile: c.caller.Profile, Transport: c.host.cfg.Transport,
		ClientName: c.request.From.ClientName, ClientVersion: c.request.From.ClientVersion,
		Tool: c.request.Name, Plugin: c.tool.Plugin, PluginVersion: c.tool.Version, Changes: !c.tool.Hints.ReadOnly,
		Arguments: c.request.Arguments, PluginDigest: c.tool.digest(),
	}
	if c.tool.redaction != nil && c.host.cfg.Audit != nil {
		e.Redaction = c.tool.redaction()
	}
	return e
}

// conclude writes the one line that the log has of every call, and its end into the audit log, the trace and the metrics.
func (c *call) conclude(ctx context.Context, result Result, failed *CallError) {
	took := time.Since(c.begin)
	entry, outcome := c.entry(), telemetry.Outcome{Artifacts: len(c.artifacts)}
	entry.Duration, entry.Requests = took, c.requestIDs()
	for _, a := range c.artifacts {
		outcome.Bytes += a.Size
		entry.Artifacts = append(entry.Artifacts, audit.Artifact{URI: a.URI, SHA256: a.SHA256, Size: a.Size})
	}
	attributes := []any{"caller", c.caller.Name, "took", took.String(), "requests", entry.Requests, "artifacts", len(c.artifacts)}
	if failed == nil {
		c.logger.Log(ctx, slog.LevelInfo, "call done", append(attributes, "outcome", "ok", "bytes", len(result.Structured))...)
	} else {
		entry.Code, entry.Source = string(failed.Code), string(failed.Source)
		outcome.Code, outcome.Source = entry.Code, entry.Source
		c.logger.Log(ctx, levelOf(failed.err), "call failed", append(attributes, "outcome", entry.Code,
			"source", entry.Source, "phase", string(failed.Phase), "err", c.host.Redact(failed.Error()), "cause", c.host.Redact(causeOf(failed.err)))...) // they may quote arguments
	}
	c.span.End(outcome)
	if err := c.host.cfg.Audit.End(entry); err != nil {
		c.logger.Error("the end of a call is not in the audit log", "err", err)
	}
}

// cloudRequest takes a plugin's report of a request in.
func (c *call) cloudRequest(r *pluginv1.CloudRequest) {
	c.cloud = append(c.cloud, r)
	if len(c.cloud) > maxCloudRequests { // the first and the last ones tell most
		c.cloud = append(c.cloud[:maxCloudRequests/2], c.cloud[maxCloudRequests/2+1:]...)
	}
	c.logger.Debug("cloud request", "method", r.GetMethod(), "endpoint", r.GetEndpoint(), "route", r.GetRoute(), "status", r.GetStatus(),
		"request_id", r.GetRequestId(), "attempt", r.GetAttempt(), "error", r.GetError())
	attributes := map[string]string{
		"http.request.method": r.GetMethod(), "server.address": hostOf(r.GetEndpoint()), "url.template": r.GetRoute(),
		"cloud.region": r.GetRegion(), "http.request.resend_count": strconv.Itoa(max(0, int(r.GetAttempt())-1)), "cloud.request_id": r.GetRequestId(),
	}
	if r.GetStatus() > 0 {
		attributes["http.response.status_code"] = strconv.Itoa(int(r.GetStatus()))
	}
	c.span.Child(telemetry.ChildSpan{
		Name: r.GetMethod() + " " + r.GetRoute(), Start: time.Unix(0, r.GetStartUnixNano()), End: time.Unix(0, r.GetEndUnixNano()),
		Attributes: attributes, Error: r.GetError(),
	})
}

// maxCloudRequests bounds what is remembered of one call.
const maxCloudRequests = 200

// requestIDs are the cloud's ids of the call's requests, the last ones.
func (c *call) requestIDs() []string {
	const most = 10
	var ids []string
	for _, r := range c.cloud[max(0, len(c.cloud)-most):] {
		if r.GetRequestId() != "" {
			ids = append(ids, r.GetRequestId())
		}
	}
	return ids
}
