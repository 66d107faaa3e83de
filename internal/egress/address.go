package egress

import "net/netip"

// special are the networks that no public host is in, from IANA's registries of special-purpose addresses (RFC 6890 and its
// updates), and the public address under which Azure's metadata is. Of IPv6 only 2000::/3 is given out, so the rest needs no list.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32",
	"2001::/23", "2001:db8::/32", "3fff::/20",
)

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	nat64         = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the IPv4 address is the last four bytes
	sixToFour     = netip.MustParsePrefix("2002::/16")    // RFC 3056: the IPv4 address follows
)

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, 0, len(all))
	for _, p := range all {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// public reports whether an address is one that hosts on the Internet have. An address that leads to another one in IPv4 is judged by that.
func public(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case !a.IsValid() || a.Zone() != "":
		return false
	case nat64.Contains(a):
		b := a.As16()
		return public(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFour.Contains(a):
		b := a.As16()
		return public(netip.AddrFrom4([4]byte(b[2:6])))
	case a.Is6() && !globalUnicast.Contains(a):
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
