package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/supervisor"
	"mcp-server/internal/toolcheck"
	"mcp-server/sdk"
)

const (
	// settleEvery is how often a file that is being written to is looked at, and settleFor how long.
	settleEvery = 100 * time.Millisecond
	settleFor   = 30 * time.Second
	// maxTries is how often a file is asked that changes while it is.
	maxTries = 5
)

// describe runs a binary to learn what it offers, and remembers that. A file that somebody is still writing to is waited for.
func (h *Host) describe(ctx context.Context, b pluginfolder.Binary) *item {
	for tries := 1; ; tries++ {
		b = h.awaitSettled(ctx, b)
		d, err := h.ownTenant().supervisorNow().Describe(ctx, b)
		switch {
		case err == nil:
			return h.examined(b, d)
		case !errors.Is(err, supervisor.ErrReplaced) || tries == maxTries || ctx.Err() != nil:
			if ctx.Err() == nil && !h.closing.Load() {
				h.cache.Put(b, pluginfolder.Entry{Manifest: []byte("{}"), VerdictBy: failedBefore})
			}
			return &item{name: b.Name, binary: b, refused: refusal(err)}
		}
		b = pluginfolder.LookAgain(b)
	}
}

func refusal(err error) string {
	if e, ok := errors.AsType[*sdk.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

func (h *Host) awaitSettled(ctx context.Context, b pluginfolder.Binary) pluginfolder.Binary {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for !pluginfolder.Settled(b) {
		select {
		case <-tick.C:
			b = pluginfolder.LookAgain(b)
		case <-h.stop:
			return b
		case <-ctx.Done():
			return b
		}
	}
	return b
}

// failedBefore is the verdict on a binary that did not say what it is. It is asked again at every start, and nobody waits for it.
const failedBefore = "it failed"

// verdict is what the cache keeps of an examination: why tools are left out, by name.
type verdict map[string]string

// nothingWrong is how most verdicts are kept.
const nothingWrong = "{}"

// check is Tool.check, as it went before.
func (v verdict) check(t Tool) error {
	if reason, bad := v[t.Name]; bad {
		return errors.New(reason)
	}
	return nil
}

// note is Tool.check, whose answer is kept.
func (v verdict) note(t Tool) error {
	err := t.check()
	if err != nil {
		v[t.Name] = err.Error()
	}
	return err
}

// rules names what a verdict depends on.
func (h *Host) rules() string { return "mcp-server " + h.cfg.Version }

// examined is the item of a binary that has described itself. What is known of it is kept for the next server.
func (h *Host) examined(b pluginfolder.Binary, d supervisor.Description) *item {
	v := verdict{}
	o := examineWith(b.Name, nil, d.Manifest, v.note)
	h.keep(b, pluginfolder.Entry{SHA256: d.SHA256, Manifest: d.Raw}, v)
	for _, f := range toolcheck.Lint(d.Manifest) {
		if f.Severity == toolcheck.Error {
			h.logger.Warn("a strict client would refuse this", "plugin", b.Name, "tool", shorten(f.Tool), "finding", clip(f.Message, 300))
		}
	}
	return h.judged(&item{name: b.Name, binary: b, known: supervisor.Known{Manifest: d.Manifest, SHA256: d.SHA256}, size: len(d.Raw), offer: o})
}

// keep keeps what is known of a binary, with the verdict on it, for the next server.
func (h *Host) keep(b pluginfolder.Binary, e pluginfolder.Entry, v verdict) {
	if text, err := json.Marshal(v); err == nil {
		e.Verdict, e.VerdictBy = text, h.rules()
		h.cache.Put(b, e)
	}
}

// remembered is the item of a binary that the cache knows. What the verdict says of the tools is not found out again: their
// schemas are compiled when they are first used.
func (h *Host) remembered(b pluginfolder.Binary) memory {
	entry, known := h.cache.Get(b)
	if !known {
		return memory{}
	}
	if entry.VerdictBy == failedBefore {
		return memory{failed: true}
	}
	var m sdk.Manifest
	if json.Unmarshal(entry.Manifest, &m) != nil {
		return memory{}
	}
	v := verdict{}
	var o offer
	if entry.VerdictBy == h.rules() && (string(entry.Verdict) == nothingWrong || json.Unmarshal(entry.Verdict, &v) == nil) {
		o = examineWith(b.Name, nil, m, v.check)
	} else { // another version's
		clear(v)
		o = examineWith(b.Name, nil, m, v.note)
		h.keep(b, entry, v)
	}
	return memory{item: h.judged(&item{name: b.Name, binary: b, known: supervisor.Known{Manifest: m, SHA256: entry.SHA256}, size: len(entry.Manifest), offer: o})}
}

// judged leaves out what the lock file does not accept, and what would take too much of tools/list.
func (h *Host) judged(it *item) *item {
	if err := h.accepts(it); err != nil {
		it.refused = err.Error()
		return it
	}
	if most := h.cfg.Plugins.MaxListBytes; most > 0 && it.size > most { // the manifest is longer than what is listed of it
		if size, tokens := toolcheck.Size(it.known.Manifest); size > most {
			it.refused = fmt.Sprintf("its tools take %d bytes of tools/list (about %d tokens), and one plugin may take %d; allow more with --max-list-size", size, tokens, most)
		}
	}
	return it
}
