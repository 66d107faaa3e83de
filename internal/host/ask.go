package host

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

const (
	// askTimeout is how long a person may take to answer.
	askTimeout = 10 * time.Minute
	// maxQuestions bounds what a plugin asks at once, and maxQuestionBytes what it says.
	maxQuestions, maxQuestionBytes = 20, 64 << 10
)

// ask puts a plugin's questions to the client.
func (c *call) ask(ctx context.Context, a *pluginv1.Ask) (reply *pluginv1.AskReply) {
	defer func() {
		if r := recover(); r != nil {
			reply = &pluginv1.AskReply{Error: wireError(c.host.broken("asking", r))}
		}
	}()
	answers, err := c.answers(ctx, a.GetQuestions())
	if err != nil {
		return &pluginv1.AskReply{Error: wireError(err)}
	}
	return &pluginv1.AskReply{Answers: answers}
}

func (c *call) answers(ctx context.Context, questions []*pluginv1.Question) (map[string][]byte, error) {
	if err := checkQuestions(questions); err != nil {
		return nil, err
	}
	c.missing = nil
	for _, q := range questions {
		if able, what := abilityFor(q.GetMethod(), c.request.Client); !able || c.request.Ask == nil {
			c.missing = append(c.missing, what)
		}
	}
	if len(c.missing) > 0 {
		return nil, &sdk.Error{
			Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost,
			Message: fmt.Sprintf("this needs an answer that the client cannot give: it does not offer %s; use a client that does", c.missing[0]),
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return c.request.Ask(ctx, questions)
}

func checkQuestions(questions []*pluginv1.Question) error {
	size, keys := 0, map[string]bool{}
	for _, q := range questions {
		size += len(q.GetParams())
		if q.GetKey() == "" || keys[q.GetKey()] || !json.Valid(q.GetParams()) {
			return &sdk.Error{Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Message: "the plugin asks something that is not a question"}
		}
		keys[q.GetKey()] = true
	}
	if len(questions) == 0 || len(questions) > maxQuestions || size > maxQuestionBytes {
		return &sdk.Error{
			Code: sdk.CodeInternal, Source: sdk.SourcePlugin,
			Message: fmt.Sprintf("the plugin asks %d questions of %d bytes; between 1 and %d of at most %d bytes are possible", len(questions), size, maxQuestions, maxQuestionBytes),
		}
	}
	return nil
}

// abilityFor says whether the client can answer a method's question, and the capability that it would need.
func abilityFor(method string, client *pluginv1.Client) (able bool, capability string) {
	switch method {
	case "elicitation/create":
		return client.GetElicit(), "elicitation"
	case "sampling/createMessage":
		return client.GetSample(), "sampling"
	case "roots/list":
		return client.GetRoots(), "roots"
	}
	return false, method
}

func (c *call) background(b *pluginv1.Background) {
	if c.request.Background != nil {
		c.request.Background(b.GetCloseStream())
	}
}

// confirmSchema is a form of one box.
const confirmSchema = `{"type":"object","properties":{"download":{"type":"boolean","title":"Download it now","description":"The file is kept in the store of the server."}},"required":["download"]}`

// asksFirst reports whether a person is to be asked before something that is handed out once is fetched, and can be.
func (c *call) asksFirst() bool {
	return !c.host.cfg.NoConfirm && c.request.Ask != nil && c.request.Client.GetElicit()
}

// confirm asks the person behind the client whether something that is handed out once shall be fetched now.
func (c *call) confirm(ctx context.Context, what *pluginv1.Claim) error {
	params, err := json.Marshal(map[string]any{
		"message":         fmt.Sprintf("%s is handed out only once. Download it now?", describedClaim(what)),
		"requestedSchema": json.RawMessage(confirmSchema),
	})
	if err != nil {
		return err
	}
	answers, err := c.answers(ctx, []*pluginv1.Question{{Key: "confirm_download", Method: "elicitation/create", Params: params}})
	if err != nil {
		return err
	}
	var answer struct {
		Action  string `json:"action"`
		Content struct {
			Download bool `json:"download"`
		} `json:"content"`
	}
	if json.Unmarshal(answers["confirm_download"], &answer) == nil && answer.Action == "accept" && answer.Content.Download {
		return nil
	}
	return &sdk.Error{
		Code: sdk.CodeCanceled, Source: sdk.SourceArgument,
		Message: "the person at the client did not agree to the download, so nothing was fetched and the file can still be had; ask them before calling again",
	}
}

// describedClaim names the content in the words of its source.
func describedClaim(what *pluginv1.Claim) string {
	var source sdk.Origin
	if json.Unmarshal(what.GetSource(), &source) != nil || source.IDs["archive_id"] == "" {
		return "The file " + clip(what.GetName(), 100)
	}
	return "The archive " + clip(source.IDs["archive_id"], 100)
}
