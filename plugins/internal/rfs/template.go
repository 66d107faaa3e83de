package rfs

import (
	"net/url"

	"mcp-server/plugins/internal/huaweicloud"
)

// Template names a template. The tools embed it in their arguments, without a json tag, so that its fields become
// arguments of the tool.
//
// A name begins with a letter or a Chinese character, which letters, digits, Chinese characters, "_" and "-" may follow. The class is
// written with literal characters because a schema's pattern has no other spelling that both Go and JavaScript read.
type Template struct {
	TemplateName string `json:"template_name" jsonschema:"pattern=^[A-Za-z〇㐀-鿿][A-Za-z0-9_〇㐀-鿿-]{0\\,127}$" jsonschema_description:"Name of the template, case-sensitive."`
	TemplateID   string `json:"template_id,omitempty" jsonschema:"pattern=^[0-9A-Za-z-]{36}$" jsonschema_description:"Id that the template of this name must have (a UUID); the call fails when a new template has taken the name."`
}

// Request is a GET of something of the template: path are the segments after its name, with braces where an id stands that the
// caller adds to the request's.
func (t Template) Request(operation string, path ...string) huaweicloud.Request {
	query := url.Values{}
	if t.TemplateID != "" {
		query.Set("template_id", t.TemplateID)
	}
	return huaweicloud.Request{
		Operation: operation,
		Path:      append([]string{"v1", huaweicloud.ProjectSegment, "templates", "{template_name}"}, path...),
		IDs:       map[string]string{"template_name": t.TemplateName},
		Query:     query,
	}
}

// VersionRequest is a GET of something of one version of the template: path are the segments after the version's id.
func (t Template) VersionRequest(operation, version string, path ...string) huaweicloud.Request {
	r := t.Request(operation, append([]string{"versions", "{version_id}"}, path...)...)
	r.IDs["version_id"] = version
	return r
}
