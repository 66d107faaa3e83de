package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

const (
	// maxEntry bounds a line, its newline included, in bytes.
	maxEntry = 16 << 10
	// maxValue bounds one value of the arguments, as it is written.
	maxValue = 1 << 10
	// maxField bounds one of the other texts.
	maxField = 256
	// maxRequests and maxArtifacts bound the lists, as they are written.
	maxRequests, maxArtifacts = 2 << 10, 4 << 10
)

// timeFormat is RFC 3339 with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// Entry is what is known of a call. What is empty does not stand in the line.
type Entry struct {
	// Time is when the line is written; zero is now.
	Time time.Time
	// CallID is the same in both lines of a call.
	CallID string
	// Caller is the caller's name and Profile names the credentials, never a token; both are empty for the local user.
	Caller, Profile string
	// Transport is stdio, http or cli.
	Transport string
	// ClientName and ClientVersion are what the client says of itself.
	ClientName, ClientVersion string
	// Tool and the plugin that offers it; the digest is that of its binary, as sha256:….
	Tool, Plugin, PluginVersion, PluginDigest string
	// Changes says that the tool is not annotated as read-only.
	Changes bool
	// Arguments are the caller's, as JSON; Redaction is the one of the tool's input schema.
	Arguments json.RawMessage
	Redaction Redaction
	// Code and Source are those of the sdk.Error; both empty when the call succeeded. Only in the line at the end.
	Code, Source string
	// Requests are the ids that the cloud gave the plugin's requests.
	Requests []string
	// Artifacts are the files that the call stored.
	Artifacts []Artifact
	// Duration is how long the call took.
	Duration time.Duration
}

// Artifact is one file that a call stored.
type Artifact struct {
	URI, SHA256 string
	// Size is in bytes.
	Size int64
}

// line returns the entry as one line of JSON with its newline. The arguments get the room that the rest leaves.
func (e Entry) line(event string, redact func(string) string) []byte {
	c := &cleaner{redact, maxSearched}
	var head, tail object
	head.text("time", e.Time.UTC().Format(timeFormat))
	head.text("event", event)
	for _, field := range []struct{ name, value string }{
		{"call", e.CallID}, {"caller", e.Caller}, {"profile", e.Profile}, {"transport", e.Transport},
		{"client_name", e.ClientName}, {"client_version", e.ClientVersion}, {"tool", e.Tool}, {"plugin", e.Plugin},
		{"plugin_version", e.PluginVersion}, {"plugin_digest", e.PluginDigest},
	} {
		head.text(field.name, c.text(field.value))
	}
	head.raw("changes", strconv.AppendBool(nil, e.Changes))
	if event == "end" {
		e.outcome(&tail, c)
	}
	room := maxEntry - head.Len() - tail.Len() - len(`,"arguments":,}`+"\n")
	if len(e.Arguments) > 0 {
		head.raw("arguments", (&cleaner{redact, maxSearched}).arguments(e.Arguments, e.Redaction, room))
	}
	line := append([]byte{'{'}, head.Bytes()...)
	if tail.Len() > 0 {
		line = append(append(line, ','), tail.Bytes()...)
	}
	return append(line, '}', '\n')
}

func (e Entry) outcome(o *object, c *cleaner) {
	o.raw("ok", strconv.AppendBool(nil, e.Code == ""))
	o.text("code", c.text(e.Code))
	o.text("source", c.text(e.Source))
	o.raw("duration_ms", strconv.AppendInt(nil, e.Duration.Milliseconds(), 10))
	var requests, artifacts [][]byte
	for _, id := range e.Requests {
		requests = append(requests, quote(c.text(id), maxField))
	}
	for _, a := range e.Artifacts {
		var one object
		one.text("uri", c.text(a.URI))
		one.text("sha256", c.text(a.SHA256))
		one.raw("size", strconv.AppendInt(nil, a.Size, 10))
		artifacts = append(artifacts, append(append([]byte{'{'}, one.Bytes()...), '}'))
	}
	o.list("requests", requests, maxRequests)
	o.list("artifacts", artifacts, maxArtifacts)
}

// object is the inside of a JSON object that is being written.
type object struct{ bytes.Buffer }

func (o *object) raw(name string, value []byte) {
	if o.Len() > 0 {
		o.WriteByte(',')
	}
	o.WriteString(`"` + name + `":`)
	o.Write(value)
}

func (o *object) text(name, value string) {
	if value != "" {
		o.raw(name, quote(value, maxField))
	}
}

// list writes as many items as fit, and how many did not.
func (o *object) list(name string, items [][]byte, limit int) {
	size, fit := 2, 0
	for fit < len(items) && size+len(items[fit])+1 <= limit {
		size += len(items[fit]) + 1
		fit++
	}
	if len(items) == 0 {
		return
	}
	o.raw(name, append(append([]byte{'['}, bytes.Join(items[:fit], []byte{','})...), ']'))
	if left := len(items) - fit; left > 0 {
		o.raw(name+"_left_out", strconv.AppendInt(nil, int64(left), 10))
	}
}
