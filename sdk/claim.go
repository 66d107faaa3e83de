package sdk

import (
	"context"
	"encoding/json"
	"fmt"

	"mcp-server/internal/pluginv1"
)

// OnceOnly names content that its source hands out a single time.
type OnceOnly struct {
	// Source is the operation and the ids that name the content, the project's included. Two calls with the same ones are
	// after the same content.
	Source Origin
	// Name is the file name as far as it is known before the reply, and MediaType the type that the content must have.
	Name, MediaType string
	// WayOn is the sentence for the caller when the content is lost: how to have it made anew.
	WayOn string
	// Again asks the source once more although an earlier request may have used the content up; only at a caller's wish.
	Again bool
}

// Claim is the right to send the one request. It ends when a file is stored with it, when it is released, or with the call,
// whose failure the host then journals with what is known.
type Claim struct {
	// Stored is the content when an earlier call has fetched it; there is nothing to send then.
	Stored *Artifact

	call *Call
}

// Claim asks the host for the right to fetch once-only content, and waits while another call has it. The host has
// journaled the claim, and made sure of free disk space, when it returns. An error says what became of an earlier request,
// and that none may be sent now.
func (c *Call) Claim(ctx context.Context, what OnceOnly) (*Claim, error) {
	source, err := json.Marshal(what.Source)
	if err != nil {
		return nil, err
	}
	answer, err := c.ask(ctx, func(id uint32) *pluginv1.CallEvent {
		return &pluginv1.CallEvent{Event: &pluginv1.CallEvent_Claim{
			Claim: &pluginv1.Claim{
				Id: id, Source: source, WayOn: what.WayOn, Again: what.Again, Name: what.Name, MediaType: what.MediaType,
			},
		}}
	})
	if err != nil {
		_ = c.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Release{Release: &pluginv1.Release{Reason: "nothing was sent"}}})
		return nil, err
	}
	reply := answer.GetClaimReply()
	switch {
	case reply.GetError() != nil:
		return nil, errorFromWire(reply.GetError())
	case reply.GetGranted():
		c.claimed.Store(true)
		return &Claim{call: c}, nil
	}
	claim := &Claim{call: c, Stored: new(Artifact)}
	if err := json.Unmarshal(reply.GetArtifact(), claim.Stored); err != nil {
		return nil, fmt.Errorf("reading the host's answer: %w", err)
	}
	return claim, nil
}

// Receiving tells the host that the reply has begun, and its length in bytes, negative when it is not known. With it the
// host can tell a file that is whole when plugin or host are killed.
func (c *Claim) Receiving(name string, source Origin, length int64) error {
	encoded, err := json.Marshal(source)
	if err != nil {
		return err
	}
	return c.call.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Receiving{
		Receiving: &pluginv1.Receiving{Name: name, Source: encoded, Length: length},
	}})
}

// Release gives the claim back, because the source surely did not count the request: it was not sent, or refused before it
// was looked at. The next call may then send one.
func (c *Claim) Release(reason string) error {
	c.call.claimed.Store(false)
	return c.call.emit(&pluginv1.CallEvent{Event: &pluginv1.CallEvent_Release{Release: &pluginv1.Release{Reason: reason}}})
}
