// Package web is the HTTP server around the MCP endpoint: who may speak to it, how much and from where, what else it
// serves, and how it starts and ends. Start reading at [Config].
package web
