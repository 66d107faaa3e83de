package web

import (
	"net/http"
	"time"

	"mcp-server/internal/access"
)

const notReadyEvery = time.Minute

func isHealth(path string) bool { return path == "/healthz" || path == "/readyz" }

// serveAlive says that the process answers.
func (s *Server) serveAlive(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"alive": true})
}

// serveReady says whether new requests should come here. The reason why not is for the log, since anybody may ask.
func (s *Server) serveReady(w http.ResponseWriter, _ *http.Request) {
	reason := ""
	if s.ending.Load() {
		reason = "draining"
	} else if s.config.Ready != nil {
		if err := s.config.Ready(); err != nil {
			s.sayNotReady(err)
			reason = "not ready; the server's log says why"
		}
	}
	if reason != "" {
		w.Header().Set("Retry-After", "5")
		reply(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "reason": reason})
		return
	}
	reply(w, http.StatusOK, map[string]any{"ready": true})
}

// sayNotReady logs the reason at most once a minute, unless it is another: probes come every few seconds.
func (s *Server) sayNotReady(err error) {
	s.notReady.mu.Lock()
	defer s.notReady.mu.Unlock()
	if now := time.Now(); s.notReady.reason != err.Error() || now.Sub(s.notReady.told) >= notReadyEvery {
		s.notReady.reason, s.notReady.told = err.Error(), now
		s.logger.Warn("the server is not ready", "error", err)
	}
}

// serveMetrics lets only callers who may read them: they tell of all callers.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if caller := access.CallerOf(r.Context()); s.config.Access != nil && !caller.Metrics {
		s.refused(r, Refusal{Status: http.StatusForbidden, Reason: "no_metrics", Caller: caller.Name}, "the caller's entry has no metrics: true")
		fail(w, http.StatusForbidden, "access_denied", "this caller may not read the metrics; give it metrics: true in the access file, or use --metrics-addr")
		return
	}
	s.config.Metrics.ServeHTTP(w, r)
}
