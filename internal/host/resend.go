package host

import (
	"context"
	"encoding/json"
	"errors"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
)

// send hands the call to the plugin, and once more to the one that has taken its place in the meantime.
func (c *call) send(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
	out, err := c.process.Call(ctx, r, events)
	if !errors.Is(err, supervisor.ErrNotStarted) || !c.host.renew(ctx, c) {
		return out, err
	}
	return c.process.Call(ctx, r, events)
}

// startOver forgets what came of a call that broke, so that it can be sent again; false when it cannot: what it claimed may
// be used up.
func (c *call) startOver() bool {
	if c.claim != nil || c.settled {
		return false
	}
	c.artifacts, c.previewed = nil, 0
	return true
}

// renew gives a call that its plugin has not begun the process that has taken that one's place, when there is one: the binary
// was replaced between the two.
func (h *Host) renew(ctx context.Context, c *call) bool {
	if h.current(c.tool.item) && !h.lookAgain(ctx, c.tool.item) {
		return false
	}
	tool, err := h.find(c.caller, c.request.Kind, c.request.Name)
	if err != nil || tool.item == c.tool.item {
		return false
	}
	if c.tool = tool; c.checkArguments() != nil {
		return false
	}
	c.process, c.tenant, err = h.processFor(c.caller, tool.item)
	return err == nil
}
