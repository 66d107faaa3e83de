package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"mcp-server/sdk"
)

// Rules are what one plugin may reach.
type Rules struct{ all []rule }

// rule is one declared entry.
type rule struct {
	text   string       // as it is declared
	name   string       // a host name
	self   bool         // the name itself
	below  bool         // the names below it
	addr   netip.Addr   // instead of a name
	net    netip.Prefix // instead of both
	ports  []uint16
	chosen bool // by the user in a variable, so the host may have any address
}

const localhost = "localhost"

// RulesOf reads what a plugin declares; lookup has the values of the variables that it refers to. A rule that is none is an error
// that names it. A variable that is not set, or whose value is neither a URL nor a host, adds nothing.
func RulesOf(p sdk.Permissions, lookup func(string) (string, bool)) (Rules, error) {
	var rules Rules
	var problems []error
	for _, entry := range p.Hosts {
		name, isVariable := strings.CutPrefix(entry, "$")
		if !isVariable {
			r, err := parseRule(entry)
			rules.all, problems = append(rules.all, r), append(problems, err)
			continue
		}
		if !slices.ContainsFunc(p.Environment, func(v sdk.EnvVar) bool { return v.Name == name }) {
			problems = append(problems, fmt.Errorf("reading the permission for the host %q: the variable is not declared; add it to the environment", entry))
			continue
		}
		if lookup == nil {
			continue
		}
		if value, _ := lookup(name); value != "" {
			if r, ok := chosenRule(entry, strings.TrimSpace(value)); ok {
				rules.all = append(rules.all, r)
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return Rules{}, err
	}
	return rules, nil
}

// Empty reports that nothing may be reached.
func (r Rules) Empty() bool { return len(r.all) == 0 }

// parseRule reads a name, "*." and a name, or an address, each with or without a port, or a network.
func parseRule(entry string) (rule, error) {
	wrong := func(why string) (rule, error) {
		return rule{}, fmt.Errorf("reading the permission for the host %q: %s; write example.com, *.example.com, 192.0.2.1, one of these with :port, or a network such as 192.0.2.0/24", entry, why)
	}
	if strings.Contains(entry, "/") {
		network, err := netip.ParsePrefix(entry)
		if err != nil || network != network.Masked() {
			return wrong("it is neither a host nor a network")
		}
		return rule{text: entry, net: network, ports: []uint16{443, 80}}, nil
	}
	pattern, below := strings.CutPrefix(entry, "*.")
	t, hasPort, err := parseHost(pattern)
	switch {
	case err != nil:
		return wrong(err.Error())
	case below && t.host == "":
		return wrong("there is nothing below an address")
	}
	r := rule{text: entry, name: t.host, self: !below, below: below, addr: t.addr, ports: []uint16{443, 80}}
	if hasPort {
		r.ports = []uint16{t.port}
	}
	return r, nil
}

// chosenRule reads the value of a variable: a URL, or a host with or without a port.
func chosenRule(entry, value string) (rule, bool) {
	authority, ports := value, []uint16{443, 80}
	if strings.Contains(value, "://") {
		u, err := url.Parse(value)
		if err != nil {
			return rule{}, false
		}
		authority = u.Host
		switch u.Scheme {
		case "https":
			ports = []uint16{443}
		case "http":
			ports = []uint16{80}
		}
	}
	t, hasPort, err := parseHost(strings.TrimSuffix(authority, "/"))
	if err != nil {
		return rule{}, false
	}
	if hasPort {
		ports = []uint16{t.port}
	}
	return rule{text: entry, name: t.host, self: true, below: t.host != "", addr: t.addr, ports: ports, chosen: true}, true
}

// match returns the rules that allow a target. When there are none, host says whether any port of the host is allowed.
func (r Rules) match(t target) (matched []rule, host bool) {
	for _, one := range r.all {
		if !one.covers(t) {
			continue
		}
		host = true
		if slices.Contains(one.ports, t.port) {
			matched = append(matched, one)
		}
	}
	return matched, host
}

func (r rule) covers(t target) bool {
	if r.net.IsValid() {
		return t.host == "" && r.net.Contains(t.addr)
	}
	if t.host == "" || r.name == "" {
		return t.host == "" && r.name == "" && r.addr == t.addr
	}
	return r.self && r.name == t.host || r.below && strings.HasSuffix(t.host, "."+r.name)
}

// admits reports whether an address that a target's name has may be connected to. One that is not public must have been
// declared, or come with a host that the user chose; the name localhost declares loopback.
func (r Rules) admits(matched []rule, t target, a netip.Addr) bool {
	if public(a) {
		return true
	}
	if slices.ContainsFunc(matched, func(m rule) bool { return m.chosen || m.name == localhost && a.Unmap().IsLoopback() }) {
		return true
	}
	declared, _ := r.match(target{addr: a.Unmap(), port: t.port})
	return len(declared) > 0
}

// parseHost reads a host with or without a port.
func parseHost(text string) (t target, hasPort bool, err error) {
	host := text
	if end := strings.LastIndexByte(text, ':'); end >= 0 && (strings.Count(text, ":") == 1 || strings.HasPrefix(text, "[") && text[end-1] == ']') {
		port, err := strconv.ParseUint(text[end+1:], 10, 16)
		if err != nil || port == 0 {
			return target{}, false, errors.New("the port is not a number from 1 to 65535")
		}
		host, t.port, hasPort = text[:end], uint16(port), true
	}
	bare, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		var closed bool
		if bare, closed = strings.CutSuffix(bare, "]"); !closed || !strings.Contains(bare, ":") {
			return target{}, false, errors.New("only an IPv6 address stands in brackets")
		}
	}
	if a, err := netip.ParseAddr(bare); err == nil {
		if a.Zone() != "" {
			return target{}, false, errors.New("an address with a zone is not possible")
		}
		t.addr = a.Unmap()
		return t, hasPort, nil
	}
	t.host, err = hostName(bare)
	return t, hasPort, err
}

// hostName returns a name as DNS has it: lower case, punycode, without the final dot.
func hostName(name string) (string, error) {
	name = strings.TrimSuffix(name, ".")
	if name == "" {
		return "", errors.New("it is empty")
	}
	for _, r := range name {
		if r > '~' {
			ascii, err := idna.Lookup.ToASCII(name)
			if err != nil {
				return "", errors.New("it is not a host name")
			}
			name = ascii
			break
		}
	}
	name = strings.ToLower(name)
	labels := strings.Split(name, ".")
	if len(name) > 253 || slices.ContainsFunc(labels, func(l string) bool { return !isLabel(l) }) {
		return "", errors.New("it is not a host name")
	}
	if last := labels[len(labels)-1]; isNumber(last) {
		return "", errors.New("it is not a complete address") // inet_aton would take it for one: 127.1, 0x7f000001
	}
	return name, nil
}

// isLabel allows the underscore, which names of services in private networks have.
func isLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(l, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func isNumber(l string) bool {
	if _, err := strconv.ParseUint(l, 10, 64); err == nil {
		return true
	}
	hex, isHex := strings.CutPrefix(l, "0x")
	return isHex && strings.Trim(hex, "0123456789abcdef") == "" || strings.Trim(l, "0123456789") == ""
}
