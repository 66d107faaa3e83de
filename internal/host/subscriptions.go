package host

import (
	"context"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/artifact"
)

// maxSubscriptions bounds what one client can make the host remember.
const maxSubscriptions = 1000

// subscriptions are the resources that clients want to hear of, by session.
type subscriptions struct {
	mu        sync.Mutex
	bySession map[string]map[string]bool
}

func (s *subscriptions) add(ctx context.Context, _ any, request *mcp.SubscribeRequest, _ *mcp.EmptyResult) {
	session := server.ClientSessionFromContext(ctx)
	if session == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySession == nil {
		s.bySession = map[string]map[string]bool{}
	}
	uris := s.bySession[session.SessionID()]
	if uris == nil {
		uris = map[string]bool{}
		s.bySession[session.SessionID()] = uris
	}
	if len(uris) < maxSubscriptions {
		uris[artifact.NormalURI(request.Params.URI)] = true
	}
}

func (s *subscriptions) remove(ctx context.Context, _ any, request *mcp.UnsubscribeRequest, _ *mcp.EmptyResult) {
	if session := server.ClientSessionFromContext(ctx); session != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.bySession[session.SessionID()], artifact.NormalURI(request.Params.URI))
	}
}

func (s *subscriptions) end(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bySession, session)
}

// of returns the sessions that subscribed to a resource.
func (s *subscriptions) of(uri string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sessions []string
	for session, uris := range s.bySession {
		if uris[uri] {
			sessions = append(sessions, session)
		}
	}
	return sessions
}
