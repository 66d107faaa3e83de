package supervisor

import (
	"context"
	"encoding/json"
	"testing"

	"mcp-server/internal/pluginv1"
)

func TestRewriteTexts(t *testing.T) {
	t.Parallel()
	r := &redactor{}
	r.add("hunter22", "12345678", `a"b\cde`)
	for in, want := range map[string]string{
		`{"message":"say hunter22","z":1,"a":[true,null,"\u0041"]}`: `{"message":"say [redacted]","z":1,"a":[true,null,"\u0041"]}`,
		`{"hunter22": {"n": 12345678}}`:                             `{"[redacted]": {"n": 12345678}}`,
		`{"q":"a\"b\\cde", "end":"\\"}`:                             `{"q":"[redacted]", "end":"\\"}`,
		`{"u":"https://h/p?x=\"y"}`:                                 `{"u":"https://h/p?[redacted]\"y"}`,
		`"not closed`:                                               `"not closed`,
		``:                                                          ``,
	} {
		got := string(rewriteTexts([]byte(in), func(s string) string { return r.lines(s, questionBytes) }))
		if got != want || json.Valid([]byte(in)) && !json.Valid([]byte(got)) {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestQuestionsAndUpdatesHaveNoSecrets(t *testing.T) {
	t.Parallel()
	p := &Plugin{secrets: &redactor{}}
	p.secrets.add("hunter22")
	var asked string
	var updated []string
	guarded := p.guard(pluginv1.Events{
		Ask: func(_ context.Context, a *pluginv1.Ask) *pluginv1.AskReply {
			asked = string(a.GetQuestions()[0].GetParams())
			return &pluginv1.AskReply{}
		},
		Updated: func(u *pluginv1.Updated) { updated = append(updated, u.GetUri()) },
	})
	guarded.Ask(t.Context(), &pluginv1.Ask{Questions: []*pluginv1.Question{{Key: "k", Params: []byte(`{"message":"is hunter22 right?"}`)}}})
	if asked != `{"message":"is [redacted] right?"}` {
		t.Errorf("asked %s", asked)
	}
	guarded.Updated(&pluginv1.Updated{Uri: "test://x?token=hunter22"})
	guarded.Updated(&pluginv1.Updated{Uri: "test://x?page=2"})
	if len(updated) != 1 || updated[0] != "test://x?page=2" {
		t.Errorf("updated %v", updated)
	}
}
