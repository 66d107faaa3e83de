package host

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/pluginv1"
)

// TasksExtension is the extension of 2026-07-28 by which a client says that it can wait for a task (SEP-2663).
const TasksExtension = "io.modelcontextprotocol/tasks"

// clientOf returns what the client of a request can do: declared with each request since 2026-07-28, with the connection
// before.
func clientOf(ctx context.Context) *pluginv1.Client {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		if info.ClientCapabilities == nil {
			return &pluginv1.Client{}
		}
		client := abilities(*info.ClientCapabilities)
		_, client.Tasks = info.ClientCapabilities.Extensions[TasksExtension]
		return client
	}
	if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		return abilities(session.GetClientCapabilities())
	}
	return &pluginv1.Client{}
}

// abilities leaves elicitation out where a client can only open addresses: what is asked here are forms. One that says
// nothing of modes has forms.
func abilities(c mcp.ClientCapabilities) *pluginv1.Client {
	forms := c.Elicitation != nil && (c.Elicitation.Form != nil || c.Elicitation.URL == nil)
	return &pluginv1.Client{Elicit: forms, Sample: c.Sampling != nil, Roots: c.Roots != nil}
}

// sourceOf returns what a request says of where it comes from. The trace context is in its _meta (SEP-414).
func sourceOf(ctx context.Context, meta *mcp.Meta) Source {
	s := Source{ProtocolVersion: server.RequestProtocolVersion(ctx)}
	info := mcp.Implementation{}
	if modern := server.RequestProtocolInfoFromContext(ctx); modern != nil && modern.ClientInfo != nil {
		info = *modern.ClientInfo
	} else if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		info = session.GetClientInfo()
	}
	s.ClientName, s.ClientVersion = clip(info.Name, maxTitle), clip(info.Version, maxTitle)
	if meta != nil {
		s.TraceParent, _ = meta.AdditionalFields["traceparent"].(string)
		s.TraceState, _ = meta.AdditionalFields["tracestate"].(string)
	}
	return s
}
