package toolcheck

import (
	"bytes"
	"encoding/json"

	"mcp-server/sdk"
)

// bytesPerToken is about what a model's tokenizer makes of JSON; a figure to compare, not to bill.
const bytesPerToken = 4

// listed is a tool as tools/list shows it.
type listed struct {
	Name         string          `json:"name"`
	Title        string          `json:"title,omitempty"`
	Description  string          `json:"description,omitempty"`
	InputSchema  json.RawMessage `json:"inputSchema"`
	OutputSchema json.RawMessage `json:"outputSchema,omitempty"`
	Annotations  annotations     `json:"annotations"`
	Icons        []icon          `json:"icons,omitempty"`
}

type annotations struct {
	ReadOnly    bool `json:"readOnlyHint"`
	Destructive bool `json:"destructiveHint"`
	Idempotent  bool `json:"idempotentHint"`
	OpenWorld   bool `json:"openWorldHint"`
}

type icon struct {
	Src      string   `json:"src"`
	MIMEType string   `json:"mimeType,omitempty"`
	Sizes    []string `json:"sizes,omitempty"`
}

// Size returns how much of tools/list a plugin's tools take, those that are not listed at first included: bytes of compact JSON, and about how many
// tokens.
func Size(m sdk.Manifest) (size, tokens int) {
	for _, t := range m.Tools {
		n, _ := SizeOf(t)
		size += n
	}
	return size, (size + bytesPerToken - 1) / bytesPerToken
}

// SizeOf is [Size] of one tool.
func SizeOf(t sdk.ToolManifest) (size, tokens int) {
	l := listed{
		Name: t.Name, Title: t.Title, Description: t.Description, InputSchema: compact(t.InputSchema), OutputSchema: compact(t.OutputSchema),
		Annotations: annotations{t.Hints.ReadOnly, t.Hints.Destructive, t.Hints.Idempotent, t.Hints.OpenWorld},
	}
	for _, i := range t.Icons {
		l.Icons = append(l.Icons, icon{i.Src, i.MIMEType, i.Sizes})
	}
	encoded, err := json.Marshal(l)
	if err != nil {
		return 0, 0 // not reached: texts and JSON always encode
	}
	return len(encoded), (len(encoded) + bytesPerToken - 1) / bytesPerToken
}

// compact returns the schema without white space; null when it is no JSON.
func compact(schema json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if len(schema) == 0 || json.Compact(&b, schema) != nil {
		return nil
	}
	return b.Bytes()
}
