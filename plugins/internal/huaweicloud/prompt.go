package huaweicloud

import (
	"bytes"
	"encoding/json"
	"strings"

	"mcp-server/sdk"
)

// ToolCall writes, for a prompt, how a model calls a tool. The arguments are as JSON, so that nothing in a value can be read as
// a part of the prompt's own text.
func ToolCall(tool string, arguments map[string]any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(arguments); err != nil {
		return tool // texts, lists of texts and booleans always encode
	}
	return tool + " with " + strings.TrimSpace(b.String())
}

// Say makes a prompt's only message of its paragraphs.
func Say(description string, paragraphs ...string) sdk.Messages {
	return sdk.Messages{Description: description, Messages: []sdk.Message{sdk.User(strings.Join(paragraphs, "\n\n"))}}
}

// OnErrors is what every prompt says of calls that fail.
const OnErrors = "If a call fails, its message says what to do next: do that once, or tell me. " +
	"Do not repeat a call that was refused for its credentials or permissions."
