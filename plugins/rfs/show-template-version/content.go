package main

import (
	"context"
	"net/url"
	"time"
	"unicode/utf8"

	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/plugins/internal/rfs"
	"mcp-server/sdk"
)

type contentIn struct {
	rfs.Template
	VersionID string `json:"version_id,omitempty" jsonschema:"pattern=^V[0-9]{1\\,10}$" jsonschema_description:"Id of the version: V and a number, such as V3; the latest by default."`
	huaweicloud.Target
}

type contentOut struct {
	TemplateName string         `json:"template_name" jsonschema_description:"Name of the template."`
	VersionID    string         `json:"version_id" jsonschema_description:"Id of the version that was fetched."`
	Kind         string         `json:"kind" jsonschema:"enum=text,enum=zip,enum=binary" jsonschema_description:"What the content is."`
	Content      string         `json:"content,omitempty" jsonschema_description:"The text of the template, up to 64 KiB; only when kind is text."`
	Truncated    bool           `json:"truncated" jsonschema_description:"Whether content is cut short here; the artifact is whole."`
	Artifacts    []sdk.Artifact `json:"artifacts" jsonschema_description:"The stored content; the preview of a zip lists its files."`
}

func contentTool(client *huaweicloud.Client) sdk.Tool {
	return huaweicloud.NewTool(sdk.ToolSpec{
		Name:  "rfs_show_template_version_content",
		Title: "Show an RFS template's content",
		Description: "Fetches the content of a version of a Resource Formation Service template, by default the latest: returns Terraform text inline, lists the files of a zip, " +
			"and stores the file; artifact_read reads more of it. rfs_list_templates finds the template_name, rfs_list_template_versions the version_id.",
		Hints:    sdk.Hints{ReadOnly: true, Destructive: false, Idempotent: true, OpenWorld: true},
		Timeout:  30 * time.Minute,
		Complete: sdk.Completers{"template_name": rfs.CompleteName(client), "version_id": rfs.CompleteVersion(client)},
	}, func(ctx context.Context, call *sdk.Call, in contentIn) (contentOut, error) {
		return showContent(ctx, client, call, in)
	})
}

// showContent is https://support.huaweicloud.com/intl/en-us/api-aos/ShowTemplateVersionContent.html.
func showContent(ctx context.Context, client *huaweicloud.Client, call *sdk.Call, in contentIn) (contentOut, error) {
	const operation = "ShowTemplateVersionContent"
	var err error
	if in.VersionID == "" {
		if in.VersionID, err = latest(ctx, client, in.Target, in.Template); err != nil {
			return contentOut{}, err
		}
	}
	ask := func(ctx context.Context) (*url.URL, error) {
		link, _, err := client.Redirect(ctx, in.Target, in.VersionRequest(operation, in.VersionID))
		return link, err
	}
	result, err := client.DownloadLink(ctx, in.Target, ask, call, huaweicloud.Download{
		Name:       in.TemplateName + "-" + in.VersionID, // the object's own name may be the same in every version
		Extensions: map[huaweicloud.Kind]string{huaweicloud.KindText: ".tf", huaweicloud.KindJSON: ".tf.json"},
		Operation:  operation,
		IDs:        originIDs(in),
	})
	if err != nil {
		return contentOut{}, err
	}
	return describe(in, result), nil
}

func originIDs(in contentIn) map[string]string {
	ids := map[string]string{"template_name": in.TemplateName, "version_id": in.VersionID}
	if in.TemplateID != "" {
		ids["template_id"] = in.TemplateID
	}
	return ids
}

// describe says of the stored content what an agent wants to see at once.
func describe(in contentIn, r huaweicloud.DownloadResult) contentOut {
	out := contentOut{
		TemplateName: in.TemplateName, VersionID: in.VersionID, Kind: "binary", Artifacts: []sdk.Artifact{r.Artifact},
	}
	switch r.Kind {
	case huaweicloud.KindText, huaweicloud.KindJSON:
		out.Kind, out.Content = "text", wholeRunes(r.Head)
		out.Truncated = int64(len(out.Content)) < r.Artifact.Size
		out.Artifacts[0].Preview = nil // content shows more of the same
	case huaweicloud.KindZIP, huaweicloud.KindXLSX:
		out.Kind = "zip"
	}
	return out
}

// wholeRunes drops the last character of text when it is cut.
func wholeRunes(head []byte) string {
	for len(head) > 0 && !utf8.Valid(head) {
		head = head[:len(head)-1]
	}
	return string(head)
}
