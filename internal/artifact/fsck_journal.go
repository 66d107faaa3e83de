package artifact

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// readCases learns from the journal which contents are from a once-only source.
func (c *checker) readCases() error {
	return c.eachJournal(func(key string, events []event) {
		if now := caseOf(key, events); now.State == StateStored {
			c.stored[now.URI] = now
		}
	})
}

// eachJournal passes over what cannot be read, which journals reports.
func (c *checker) eachJournal(visit func(key string, events []event)) error {
	entries, err := readFolder(c.store.folder("once"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		key, isJournal := strings.CutSuffix(e.Name(), ".jsonl")
		if !isJournal {
			continue
		}
		if events, _, err := c.store.readJournal(key); err == nil {
			visit(key, events)
		}
	}
	return nil
}

// journals checks the cases of the once-only downloads against the store.
func (c *checker) journals(ctx context.Context) error {
	entries, err := readFolder(c.store.folder("once"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(c.store.folder("once"), e.Name())
		key, kind, _ := strings.Cut(e.Name(), ".")
		info, err := e.Info()
		switch {
		case err != nil: // replaced while it was looked at
		case isTemporary(e.Name()):
			if isLeftover(info) {
				c.leftover(path)
			}
		case !info.Mode().IsRegular() || !isID(key) || kind != "jsonl" && kind != "lock":
			c.stray(path)
		case kind == "jsonl":
			c.journal(ctx, key)
		}
	}
	return nil
}

func (c *checker) journal(ctx context.Context, key string) {
	path := c.store.journalPath(key)
	events, exists, err := c.store.readJournal(key)
	if err != nil {
		c.unreadable(path, "", err)
		return
	}
	if !exists {
		return
	}
	switch now := caseOf(key, events); now.State {
	case StateDamaged:
		c.found(Finding{
			Path: path, Problem: now.Describe(),
			Mend: "it is written anew if the content is in the store; otherwise ask the tool again only if you know that the source still has it",
		}, func() error { return c.conclude(ctx, key) })
	case StateStored:
		if _, err := c.store.Find(now.URI); err != nil {
			c.found(Finding{Path: path, URI: now.URI, Problem: now.Describe(), Mend: mendOfLost(now)}, nil)
		}
	case StateClaimed, StateReceiving:
		c.openCase(ctx, key)
	}
}

// openCase looks again while no call is at the download: one that is at it is no problem.
func (c *checker) openCase(ctx context.Context, key string) {
	lock, err := c.store.lockCase(key)
	if err != nil {
		c.unreadable(c.store.journalPath(key), "", err)
		return
	}
	if lock == nil {
		return
	}
	events, exists, err := c.store.readJournal(key)
	lock.Close() // concluding takes it again
	if now := caseOf(key, events); err == nil && exists && (now.State == StateClaimed || now.State == StateReceiving) {
		c.found(Finding{
			Path: c.store.journalPath(key), Problem: now.Describe() + ", but no server is at it any more",
			Mend: "it is concluded: what arrived is stored if it is whole, and kept otherwise",
		}, func() error { return c.conclude(ctx, key) })
	}
}

// conclude finds out what became of a download, and fails when that is still not known.
func (c *checker) conclude(ctx context.Context, key string) error {
	if err := c.store.concludeCase(ctx, key); err != nil {
		return err
	}
	events, _, err := c.store.readJournal(key)
	if err != nil {
		return err
	}
	switch caseOf(key, events).State {
	case StateDamaged:
		return errors.New("the content is not in the store")
	case StateClaimed, StateReceiving:
		return errors.New("a call is at it")
	}
	return nil
}

func mendOfLost(c Case) string {
	mend := "put the file back from a copy if there is one"
	if c.WayOn != "" {
		mend += fmt.Sprintf("; otherwise: %s", c.WayOn)
	}
	return mend
}

// partials looks for files that were kept of a download that the journal does not know. What is kept of a call has its id
// in its name.
func (c *checker) partials(context.Context) error {
	entries, err := readFolder(c.store.folder("partial"))
	if err != nil {
		return err
	}
	var calls []string
	err = c.eachJournal(func(_ string, events []event) { // after the files: a call is journaled before it leaves any
		for _, e := range events {
			if e.Call != "" {
				calls = append(calls, e.Call+"-")
			}
		}
	})
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(c.store.folder("partial"), e.Name())
		if !e.Type().IsRegular() {
			c.stray(path)
			continue
		}
		if !slices.ContainsFunc(calls, func(call string) bool { return strings.HasPrefix(e.Name(), call) }) {
			c.found(Finding{
				Path: path, Problem: "it is a part of a download that was cut, and no journal knows which",
				Mend: "look at it, and remove it by hand if it is of no use",
			}, nil)
		}
	}
	return nil
}
