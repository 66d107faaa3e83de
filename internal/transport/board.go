package transport

import (
	"context"
	"fmt"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// board is the one session that mcp-go broadcasts to: it passes what it gets on to whoever hears. With a session of
// mcp-go's for each client every broadcast would need a channel of each, and a goroutine for each that is full.
type board struct {
	t  *Transport
	id string
	ch chan mcp.JSONRPCNotification

	mu      sync.Mutex
	hearers map[hearer]struct{}
	quit    chan struct{} // of the goroutine, which there is while there are hearers
}

func newBoard(t *Transport) *board {
	return &board{
		t: t, id: fmt.Sprintf("board-%p", t), ch: make(chan mcp.JSONRPCNotification, burst), hearers: map[hearer]struct{}{},
	}
}

// SessionID and the next three are mcp-go's ClientSession.
func (b *board) SessionID() string { return b.id }

// Initialize does nothing.
func (b *board) Initialize() {}

// Initialized is true: each hearer says for itself whether it is ready.
func (b *board) Initialized() bool { return true }

// NotificationChannel is where mcp-go puts broadcasts. It is emptied at once: to hear never waits.
func (b *board) NotificationChannel() chan<- mcp.JSONRPCNotification { return b.ch }

// add has broadcasts and ResourceUpdated reach a hearer, until the returned function is called.
func (b *board) add(h hearer) (remove func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.hearers) == 0 {
		if err := b.t.mcp.RegisterSession(context.Background(), b); err != nil {
			return nil, err
		}
		for len(b.ch) > 0 {
			<-b.ch // it was for those who have gone
		}
		b.quit = make(chan struct{})
		go b.pass(b.quit) // until the last hearer is removed
	}
	b.hearers[h] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, known := b.hearers[h]; !known {
			return
		}
		if delete(b.hearers, h); len(b.hearers) == 0 {
			b.t.mcp.UnregisterSession(context.Background(), b.id)
			close(b.quit)
		}
	}, nil
}

func (b *board) pass(quit <-chan struct{}) {
	for {
		select {
		case n := <-b.ch:
			for _, h := range b.those(func(h hearer) bool { return h.wants(n.Method) }) {
				h.deliver(n)
			}
		case <-quit:
			return
		}
	}
}

func (b *board) those(chosen func(hearer) bool) []hearer {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []hearer
	for h := range b.hearers {
		if chosen(h) {
			found = append(found, h)
		}
	}
	return found
}
