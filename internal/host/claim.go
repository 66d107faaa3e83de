package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mcp-server/internal/artifact"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// maxSourceBytes bounds what a plugin can have written into a journal.
const maxSourceBytes = 8 << 10

// takeClaim journals that the plugin is about to fetch something that is handed out once, or answers with what an earlier
// call has brought, or says why there is nothing to fetch.
func (c *call) takeClaim(ctx context.Context, m *pluginv1.Claim) *pluginv1.ClaimReply {
	if c.staging == "" || c.claim != nil {
		return refuseClaim(&sdk.Error{
			Code: sdk.CodeFailedPrecondition, Source: sdk.SourcePlugin,
			Message: "a claim needs a tool that stores files, and a call has one claim at a time",
		})
	}
	r := artifact.ClaimRequest{
		Call: c.id, StagingDir: c.staging, Name: m.GetName(), MediaType: clip(m.GetMediaType(), 200), WayOn: clip(m.GetWayOn(), 1000), Again: m.GetAgain(),
		Waiting: c.waitsForClaim,
	}
	if len(m.GetSource()) > maxSourceBytes {
		return refuseClaim(&sdk.Error{
			Code: sdk.CodeInvalidArgument, Source: sdk.SourcePlugin,
			Message: fmt.Sprintf("what is claimed is named with %d bytes, at most %d are possible", len(m.GetSource()), maxSourceBytes),
		})
	}
	if err := json.Unmarshal(m.GetSource(), &r.Source); err != nil {
		return refuseClaim(hostError("reading what is claimed", err))
	}
	r.LookOnly = c.asksFirst()
	claim, err := c.tenant.store.Claim(ctx, r)
	if err == nil && claim.Stored == nil && r.LookOnly {
		claim, err = c.claimAfterAsking(ctx, m, r)
	}
	if err != nil {
		return refuseClaim(err)
	}
	if claim.Stored == nil {
		c.claim = claim
		return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Granted{Granted: true}}
	}
	c.logger.Info("answered from the store", "uri", claim.Stored.URI)
	encoded, err := c.hand(ctx, *claim.Stored)
	if err != nil {
		return refuseClaim(err)
	}
	if c.caller.Name != "" {
		c.host.announce(claim.Stored.URI) // which may be new to this caller
	}
	return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Artifact{Artifact: encoded}}
}

// claimAfterAsking claims once a person has agreed: nobody else has to wait for the answer, and a kill in the meantime leaves
// no doubt that nothing was fetched.
func (c *call) claimAfterAsking(ctx context.Context, m *pluginv1.Claim, r artifact.ClaimRequest) (*artifact.Claim, error) {
	if err := c.confirm(ctx, m); err != nil {
		return nil, err
	}
	r.LookOnly = false
	return c.tenant.store.Claim(ctx, r)
}

func (c *call) waitsForClaim() {
	c.logger.Info("waiting for another call that downloads the same")
	c.report(&pluginv1.Progress{Done: c.done, Message: "another call is downloading the same; waiting for what it brings"})
}

// receiving journals that the reply has begun. Without that line less is known after a crash, and nothing is lost.
func (c *call) receiving(m *pluginv1.Receiving) {
	var source sdk.Origin
	if c.claim == nil || len(m.GetSource()) > maxSourceBytes || json.Unmarshal(m.GetSource(), &source) != nil {
		return
	}
	if err := c.claim.Receiving(m.GetName(), source, m.GetLength()); err != nil {
		c.logger.Warn("the journal of once-only downloads could not be written", "err", err)
	}
}

func (c *call) releaseClaim(m *pluginv1.Release) {
	if c.claim == nil {
		return
	}
	if err := c.claim.Release(m.GetReason()); err != nil {
		c.logger.Warn("the journal of once-only downloads could not be written", "err", err)
	}
	c.endClaim()
}

func (c *call) endClaim() {
	c.claim.Close()
	c.claim = nil
}

// settle ends a claim that the call left open: the download broke, or the call was cut. The error then says what became
// of it, unless the plugin's own does.
func (c *call) settle(ctx context.Context, err error) error {
	if c.claim == nil {
		return err
	}
	reason := reasonOf(err)
	now, settleErr := c.claim.Settle(ctx, reason)
	c.claim = nil
	if settleErr != nil {
		c.logger.Error("a once-only download could not be concluded", "err", settleErr)
	}
	c.logger.Warn("a once-only download has ended", "state", string(now.State), "uri", now.URI, "kept", len(now.Kept))
	if err == nil {
		return nil
	}
	e := *sdk.AsError(err)
	switch {
	case settleErr != nil:
		e.Message = sentence(e.Message) + " " + sentence(sdk.AsError(settleErr).Message)
	case now.State == artifact.StateStored:
		e.Message = "the call was cut, but the download had arrived whole and is stored as " + now.URI + ": the same call returns it"
	case errors.Is(err, supervisor.ErrInterrupted):
		e.Message = sentence(e.Message) + " " + known(now)
	case e.Code == sdk.CodeCanceled, e.Code == sdk.CodeDeadlineExceeded:
		e.Message = sentence(reason) + " " + known(now) // the general advice to try again is wrong here
	default:
		return err
	}
	c.settled = true
	return &e
}

// known says what became of a download that was cut, and the way on.
func known(c artifact.Case) string {
	return sentence("What is known of the once-only download: "+c.Describe()) + " " + sentence("It is not handed out a second time: "+c.WayOn)
}

// sentence ends a text with one full stop.
func sentence(text string) string { return strings.TrimRight(text, ". ;") + "." }

func refuseClaim(err error) *pluginv1.ClaimReply {
	return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Error{Error: wireError(err)}}
}

// reasonOf says for the journal why a download ended: the fact, without the advice that follows it in a message.
func reasonOf(err error) string {
	if err == nil {
		return "the plugin stored nothing"
	}
	e := sdk.AsError(err)
	switch {
	case errors.Is(err, supervisor.ErrInterrupted):
		return "the plugin ended during the call"
	case e.Code == sdk.CodeCanceled:
		return "the call was cancelled"
	case e.Code == sdk.CodeDeadlineExceeded:
		return "the call ran past its deadline"
	}
	fact, _, _ := strings.Cut(e.Message, ". ")
	fact, _, _ = strings.Cut(fact, "; ")
	return clip(strings.TrimRight(fact, "."), 300)
}
