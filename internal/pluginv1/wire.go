// Package pluginv1 is the wire between the host and a plugin: the code generated from sdk/proto/plugin/v1/plugin.proto,
// the handshake, the limits, and the host's side of a call. Start reading at [Invoke].
package pluginv1

//go:generate go tool -modfile=../../tools/go.mod buf generate ../..

// The handshake of protocol version 1. The cookie tells a plugin that a host started it; it is no secret.
const (
	ProtocolVersion = 1
	CookieKey       = "MCP_SERVER_PLUGIN"
	CookieValue     = "mcp-server/plugin/v1"
	// ServiceName is the name under which go-plugin dispenses the service.
	ServiceName = "tool"
	// StdinWatchKey set to 1 tells the plugin that its standard input is a pipe that ends when its host is gone.
	StdinWatchKey = "MCP_SERVER_PLUGIN_STDIN"
	// EgressKey holds the URL of the host's proxy for this plugin, as HTTPS_PROXY does, for clients that use it for every host:
	// those that follow HTTPS_PROXY leave out loopback.
	EgressKey = "MCP_SERVER_EGRESS"
)

// MaxMessageBytes bounds one gRPC message in both directions, so that a result too large is an error and not the end
// of the host's memory. Files do not cross as messages.
const MaxMessageBytes = 16 << 20
