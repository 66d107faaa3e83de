package sdktest

import (
	"encoding/json"
	"sync"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

// journal grants once-only downloads as a host does, for as long as the test's host lives.
type journal struct {
	mu    sync.Mutex
	cases map[string]*once
}

// once is one once-only download. A case that is neither stored nor free is lost.
type once struct {
	free     bool
	used     bool // an earlier request may have used it up
	artifact []byte
}

// claims are the claims of one call.
type claims struct {
	journal *journal
	open    *once
}

func (c *claims) grant(m *pluginv1.Claim) *pluginv1.ClaimReply {
	var source sdk.Origin
	if err := json.Unmarshal(m.GetSource(), &source); err != nil {
		return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Error{Error: failure(err)}}
	}
	key, err := json.Marshal([]any{source.Operation, source.IDs})
	if err != nil {
		return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Error{Error: failure(err)}}
	}
	c.journal.mu.Lock()
	defer c.journal.mu.Unlock()
	before, known := c.journal.cases[string(key)]
	switch {
	case known && before.artifact != nil:
		return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Artifact{Artifact: before.artifact}}
	case known && !before.free && !m.GetAgain():
		return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Error{Error: &pluginv1.Error{
			Code: string(sdk.CodeDataLoss), Source: string(sdk.SourceCloud),
			Message: "this was requested before and did not arrive whole: " + m.GetWayOn(),
		}}}
	}
	c.open = &once{used: known && !before.free}
	c.journal.cases[string(key)] = c.open
	return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Granted{Granted: true}}
}

func (c *claims) release(*pluginv1.Release) {
	if c.open != nil {
		c.journal.mu.Lock()
		defer c.journal.mu.Unlock()
		c.open.free = !c.open.used
		c.open = nil
	}
}

// stored notes what the claim has brought.
func (c *claims) stored(artifact []byte) {
	if c.open != nil {
		c.journal.mu.Lock()
		defer c.journal.mu.Unlock()
		c.open.artifact = artifact
		c.open = nil
	}
}
