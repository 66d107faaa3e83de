package sdk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
)

// Content is one block of what a tool says or a prompt holds, made by [Text], [Image], [Audio], [Embed] or [Link].
type Content struct{ block any }

// Contents is the output of a tool that answers with blocks for a model, and has no output schema. Most tools are better
// off with a struct.
type Contents struct {
	Blocks []Content `json:"content"`
}

var contentsType = reflect.TypeFor[Contents]()

// MarshalJSON writes the block as MCP's ContentBlock.
func (c Content) MarshalJSON() ([]byte, error) {
	if c.block == nil {
		return nil, errors.New("a content block is empty; make it with Text, Image, Audio, Embed or Link")
	}
	return json.Marshal(c.block)
}

// UnmarshalJSON takes any ContentBlock, for a test that reads what a plugin answered.
func (c *Content) UnmarshalJSON(block []byte) error {
	c.block = json.RawMessage(bytes.Clone(block))
	return nil
}

type media struct {
	Type     string `json:"type"`
	Data     string `json:"data"`
	MIMEType string `json:"mimeType"`
}

// Text is a text.
func Text(text string) Content {
	return Content{struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}{"text", text}}
}

// Image is a picture of a media type such as image/png.
func Image(data []byte, mediaType string) Content {
	return Content{media{"image", base64.StdEncoding.EncodeToString(data), mediaType}}
}

// Audio is a sound of a media type such as audio/wav.
func Audio(data []byte, mediaType string) Content {
	return Content{media{"audio", base64.StdEncoding.EncodeToString(data), mediaType}}
}

// Embed is a resource with its content.
func Embed(r ResourceContent) Content {
	return Content{struct {
		Type     string          `json:"type"`
		Resource ResourceContent `json:"resource"`
	}{"resource", r}}
}

// Link is a resource that the client may read by its URI.
func Link(uri, name, mediaType string) Content {
	return Content{struct {
		Type     string `json:"type"`
		URI      string `json:"uri"`
		Name     string `json:"name"`
		MIMEType string `json:"mimeType,omitempty"`
	}{"resource_link", uri, name, mediaType}}
}
