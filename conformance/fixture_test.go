package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// TestMain lets the test binary also be a small server, which the runner judges in place of the real one: with the argument
// fixture on standard input and output, with an address behind it over HTTP.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "fixture" {
		os.Exit(m.Run())
	}
	if err := serveFixture(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "fixture:", err)
		os.Exit(1)
	}
}

// serveFixture serves one tool and one resource with mcp-go's own transports.
func serveFixture(address []string) error {
	s := server.NewMCPServer("fixture", "1.0.0", server.WithToolCapabilities(true), server.WithResourceCapabilities(false, true))
	s.AddTool(mcp.NewTool("test_simple_text", mcp.WithDescription("Answers with a text.")),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("This is a simple text response for testing."), nil
		})
	s.AddResource(mcp.NewResource("test://static-text", "static text", mcp.WithMIMEType("text/plain")),
		func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return []mcp.ResourceContents{mcp.TextResourceContents{URI: "test://static-text", MIMEType: "text/plain", Text: "text"}}, nil
		})
	if len(address) == 0 {
		return server.ServeStdio(s)
	}
	mux := http.NewServeMux()
	mux.Handle("/mcp", server.NewStreamableHTTPServer(s, server.WithStateful(true)))
	listener := &http.Server{Addr: address[0], Handler: mux, ReadHeaderTimeout: time.Minute}
	return listener.ListenAndServe()
}
