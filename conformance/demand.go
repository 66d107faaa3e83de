package main

import "strings"

// demand is a scenario that a revision's set of requirements runs against a server.
type demand struct {
	scenario string
	// reason says why it is not scored, in the suite's words, such as "extension"; empty for what is required.
	reason string
}

// parseDemands reads what the suite prints for `list --requirements`:
//
//	Server scenarios (test against a server):
//	  - ping
//	Run and reported, but never scored:
//	  extension (16):
//	    - tasks-lifecycle [server]
func parseDemands(text string) []demand {
	var demands []demand
	section, reason := "", ""
	for line := range strings.Lines(text) {
		item, isItem := strings.CutPrefix(strings.TrimSpace(line), "- ")
		switch {
		case !isItem && strings.HasPrefix(line, "  "):
			reason, _, _ = strings.Cut(strings.TrimSpace(line), " (")
		case !isItem:
			section = strings.TrimSpace(line)
		case strings.HasPrefix(section, "Server scenarios"):
			demands = append(demands, demand{scenario: item})
		case strings.HasPrefix(section, "Run and reported"):
			if scenario, ofServer := strings.CutSuffix(item, " [server]"); ofServer {
				demands = append(demands, demand{scenario, reason})
			}
		}
	}
	return demands
}
