package web

import "net/http"

// serveAlive says that the process answers.
func (s *Server) serveAlive(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"alive": true})
}

// serveReady says whether new requests should come here. The reason why not is for the log, since anybody may ask.
func (s *Server) serveReady(w http.ResponseWriter, _ *http.Request) {
	reason := ""
	if s.draining.Load() {
		reason = "draining"
	} else if s.config.Ready != nil {
		if err := s.config.Ready(); err != nil {
			s.logger.Warn("the server is not ready", "error", err)
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
