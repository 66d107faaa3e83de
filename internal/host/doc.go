// Package host turns plugin processes into tools: it starts the plugins of a folder, keeps the catalog of what they
// offer, validates arguments, runs calls, stores the files that plugins hand over, and registers everything with the
// MCP server. A plugin or tool that is wrong is left out and named; it costs the others nothing.
//
// Start reading at [Start], then [Host.Call].
package host
