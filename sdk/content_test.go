package sdk

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContentIsAContentBlock compares with MCP's ContentBlock and ResourceContents (schema of 2025-11-25).
func TestContentIsAContentBlock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		content any
		want    string
	}{
		"text":       {Text("hi"), `{"type":"text","text":"hi"}`},
		"empty text": {Text(""), `{"type":"text","text":""}`},
		"image":      {Image([]byte{1, 2}, "image/png"), `{"type":"image","data":"AQI=","mimeType":"image/png"}`},
		"audio":      {Audio([]byte{1, 2}, "audio/wav"), `{"type":"audio","data":"AQI=","mimeType":"audio/wav"}`},
		"link":       {Link("a://b", "b", "text/plain"), `{"type":"resource_link","uri":"a://b","name":"b","mimeType":"text/plain"}`},
		"bare link":  {Link("a://b", "b", ""), `{"type":"resource_link","uri":"a://b","name":"b"}`},
		"embedded": {Embed(ResourceContent{URI: "a://b", MediaType: "text/plain", Text: "t"}),
			`{"type":"resource","resource":{"uri":"a://b","mimeType":"text/plain","text":"t"}}`},
		"bytes":       {ResourceContent{URI: "a://b", Bytes: []byte{1, 2}, Text: "not shown"}, `{"uri":"a://b","blob":"AQI="}`},
		"no bytes":    {ResourceContent{URI: "a://b", Bytes: []byte{}}, `{"uri":"a://b","blob":""}`},
		"empty":       {ResourceContent{URI: "a://b"}, `{"uri":"a://b","text":""}`},
		"blocks":      {Contents{Blocks: []Content{Text("a")}}, `{"content":[{"type":"text","text":"a"}]}`},
		"a message":   {User("a"), `{"role":"user","content":{"type":"text","text":"a"}}`},
		"its answer":  {Assistant("a"), `{"role":"assistant","content":{"type":"text","text":"a"}}`},
		"no messages": {Messages{Messages: []Message{}}, `{"messages":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(tc.content)
			if err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
	_, err := json.Marshal(Contents{Blocks: []Content{{}}})
	wantError(t, err, "a content block is empty")
}

func TestContentIsReadAgain(t *testing.T) {
	t.Parallel()
	const text = `{"messages":[{"role":"user","content":{"type":"image","data":"AQI=","mimeType":"image/png"}}]}`
	var m Messages
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(m)
	if diff := cmp.Diff(text, string(got)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// TestNilListsOfBlocks: a nil list is an empty one on the wire.
func TestNilListsOfBlocks(t *testing.T) {
	t.Parallel()
	for want, encoded := range map[string]func() ([]byte, error){
		`{"content":[]}`:  func() ([]byte, error) { return encode(Contents{}) },
		`{"messages":[]}`: func() ([]byte, error) { return encode(Messages{}) },
	} {
		if got, err := encoded(); err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

func TestMatching(t *testing.T) {
	t.Parallel()
	all := []string{"beta", "Alphabet", "alpha", "beta", "gamma"}
	for typed, want := range map[string][]string{
		"":      {"beta", "Alphabet", "alpha", "gamma"},
		"al":    {"Alphabet", "alpha"},
		"BET":   {"beta", "Alphabet"},
		"mm":    {"gamma"},
		"gamma": {"gamma"},
		"x":     nil,
	} {
		if diff := cmp.Diff(want, matching(all, typed)); diff != "" {
			t.Errorf("%q: %s", typed, diff)
		}
	}
}
