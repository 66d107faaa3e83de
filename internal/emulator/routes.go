package emulator

import (
	"net/url"
	"strings"
)

// route is one published operation. A segment of the path in braces is a parameter.
//
// The standard library's ServeMux is not used because it answers an unclean path with a redirect; the gateway knows
// the path or does not.
type route struct {
	method, path string
	handle       handler
	open         bool // no authentication
}

// match finds the route of a call and fills in its path parameters.
func (s *service) match(c *call) (route, bool) {
	got := strings.Split(c.URL.EscapedPath(), "/")
	for _, route := range s.routes {
		if route.method != c.Method {
			continue
		}
		if vars, ok := bind(strings.Split(route.path, "/"), got); ok {
			c.vars = vars
			return route, true
		}
	}
	return route{}, false
}

// bind matches the segments of a pattern with the still escaped segments of a path, so that an escaped slash stays
// inside its parameter.
func bind(pattern, path []string) (map[string]string, bool) {
	if len(pattern) != len(path) {
		return nil, false
	}
	vars := map[string]string{}
	for n, segment := range pattern {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			value, err := url.PathUnescape(path[n])
			if err != nil || value == "" {
				return nil, false
			}
			vars[strings.TrimSuffix(name, "}")] = value
		} else if segment != path[n] {
			return nil, false
		}
	}
	return vars, true
}
