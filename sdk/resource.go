package sdk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Resource is something that a client can read: one URI, or all that fit a template.
type Resource struct {
	// URI identifies the resource; a template of RFC 6570 such as "notes://{id}/text" stands for many.
	URI string
	// Name is short; Title is what people see.
	Name, Title string
	// Description says what it is.
	Description string
	// MediaType is the content's, when it is known before.
	MediaType string
	// Icons are pictures of it.
	Icons []Icon
	// Complete suggests values for the template's variables.
	Complete Completers
	// Read returns the content of a URI; what is not there is an [Error] of [CodeNotFound]. The variables are the template's.
	Read func(ctx context.Context, call *Call, uri string, variables map[string]string) (ResourceContent, error)
}

// ResourceContent is the content of a resource: a text, or bytes.
type ResourceContent struct {
	URI       string
	MediaType string
	Text      string
	// Bytes stand instead of Text when they are not nil.
	Bytes []byte
}

// MarshalJSON writes the content as MCP's TextResourceContents or BlobResourceContents.
func (r ResourceContent) MarshalJSON() ([]byte, error) {
	if r.Bytes != nil {
		return json.Marshal(struct {
			URI      string `json:"uri"`
			MIMEType string `json:"mimeType,omitempty"`
			Blob     string `json:"blob"`
		}{r.URI, r.MediaType, base64.StdEncoding.EncodeToString(r.Bytes)})
	}
	return json.Marshal(struct {
		URI      string `json:"uri"`
		MIMEType string `json:"mimeType,omitempty"`
		Text     string `json:"text"`
	}{r.URI, r.MediaType, r.Text})
}

func (r Resource) read(ctx context.Context, call *Call, arguments []byte) ([]byte, error) {
	var wanted struct {
		URI       string            `json:"uri"`
		Variables map[string]string `json:"variables"`
	}
	if err := json.Unmarshal(arguments, &wanted); err != nil {
		return nil, err
	}
	content, err := r.Read(ctx, call, wanted.URI, wanted.Variables)
	if err != nil {
		return nil, err
	}
	if content.URI == "" {
		content.URI = wanted.URI
	}
	if content.MediaType == "" {
		content.MediaType = r.MediaType
	}
	return json.Marshal(content)
}

// templatePart is one expression of a template, such as {id}, {+path} or {?a,b}.
var templatePart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[+#./;?&]?([A-Za-z0-9_.,:*%]+)\}`) })

// variables returns the names of the template's variables; none for the URI of one resource.
func (r Resource) variables() []string {
	var names []string
	for _, part := range templatePart().FindAllStringSubmatch(r.URI, -1) {
		for _, v := range strings.Split(part[1], ",") {
			name, _, _ := strings.Cut(strings.TrimSuffix(v, "*"), ":")
			names = append(names, name)
		}
	}
	return names
}

func (r Resource) validate() error {
	problems := []error{checkIcons(r.Icons), checkCompleters(r.Complete, r.variables())}
	switch parsed, err := url.Parse(templatePart().ReplaceAllString(r.URI, "x")); { // a host name, for one, takes no brace
	case err != nil || parsed.Scheme == "":
		problems = append(problems, errors.New("the URI has no scheme, or is none"))
	case parsed.Scheme == "artifact":
		problems = append(problems, errors.New("the scheme artifact is the host's"))
	case strings.ContainsAny(templatePart().ReplaceAllString(r.URI, ""), "{}"):
		problems = append(problems, errors.New("the URI has a brace that belongs to no variable"))
	}
	if r.Name == "" || r.Description == "" {
		problems = append(problems, errors.New("the name or the description is empty"))
	}
	if r.Read == nil {
		problems = append(problems, errors.New("it has no Read"))
	}
	return errors.Join(problems...)
}

func (r Resource) manifest() ResourceManifest {
	return ResourceManifest{
		URI: r.URI, Name: r.Name, Title: r.Title, Description: r.Description, MediaType: r.MediaType, Icons: r.Icons,
		Completes: slices.Sorted(maps.Keys(r.Complete)),
	}
}
