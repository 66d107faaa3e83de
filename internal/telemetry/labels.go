package telemetry

import "sync"

// other stands for every value that is not, or no longer, counted by its own name.
const other = "other"

// labels bounds how many values a label has: each is memory for as long as the server runs.
type labels struct {
	tools, plugins, callers, hosts, codes, routes, reasons, rules, states names
}

func newLabels() *labels {
	return &labels{
		tools: names{limit: 500}, plugins: names{limit: 100}, callers: names{limit: 100},
		hosts: names{limit: 50}, codes: names{limit: 30}, routes: names{limit: 50}, reasons: names{limit: 40}, rules: names{limit: 200}, states: names{limit: 10},
	}
}

// names are the first values that came, up to a limit.
type names struct {
	limit int
	mu    sync.Mutex
	known map[string]bool
}

// of returns the value as it may stand as a label.
func (n *names) of(value string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known[value] {
		return value
	}
	if len(n.known) >= n.limit || !label().MatchString(value) {
		return other
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	n.known[value] = true
	return value
}

// method is an HTTP method as the semantic conventions want it.
func method(name string) string {
	switch name {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY":
		return name
	}
	return "_OTHER"
}

// status is an HTTP status code; zero when it is none.
func status(code int) int {
	if code < 100 || code > 599 {
		return 0
	}
	return code
}
