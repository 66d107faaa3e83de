// Package telemetry gives OpenTelemetry traces and metrics of calls, of the plugins and of their requests to clouds, and the
// metrics as text for Prometheus. It does nothing, and costs nothing, until the standard OTEL variables or the server's
// own option ask for it. Names follow OpenTelemetry's semantic conventions for MCP and HTTP where they have one; the
// server's own begin with mcp_server.
//
// What a client or a plugin writes is cut and cleaned before it is an attribute, and is bounded in number before it is a
// label; the query of a URL never is either.
//
// Start reading at [Start], then [Telemetry.StartCall].
package telemetry
