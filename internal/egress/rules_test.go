package egress

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mcp-server/sdk"
)

func TestRules(t *testing.T) {
	t.Parallel()
	for rule, test := range map[string]struct {
		value     string // of the variable
		good, bad []string
	}{
		"example.com": {good: []string{"example.com:443", "EXAMPLE.com.:80"}, bad: []string{"a.example.com:443", "example.com:8443", "example.org:443", "notexample.com:443"}},
		"*.example.com": {good: []string{"a.example.com:443", "a.b.example.com:80"},
			bad: []string{"example.com:443", ".example.com:443", "aexample.com:443", "example.com.evil.org:443"}},
		"example.com:8443": {good: []string{"example.com:8443"}, bad: []string{"example.com:443"}},
		"*.example.com:22": {good: []string{"a.example.com:22"}, bad: []string{"a.example.com:443"}},
		"bücher.example":   {good: []string{"xn--bcher-kva.example:443", "BÜCHER.example:443"}, bad: []string{"bucher.example:443"}},
		"10.1.2.3":         {good: []string{"10.1.2.3:443", "[::ffff:10.1.2.3]:443"}, bad: []string{"10.1.2.4:443", "10.1.2.3:81"}},
		"10.1.2.3:9":       {good: []string{"10.1.2.3:9"}, bad: []string{"10.1.2.3:443"}},
		"2001:db8::1":      {good: []string{"[2001:0db8:0::1]:443"}, bad: []string{"[2001:db8::2]:443"}},
		"[2001:db8::1]:9":  {good: []string{"[2001:db8::1]:9"}, bad: []string{"[2001:db8::1]:443"}},
		"100.125.0.0/16":   {good: []string{"100.125.1.2:443", "[::ffff:100.125.1.2]:80"}, bad: []string{"100.126.0.1:443", "100.125.1.2:22", "a.test:443"}},
		"$E":               {value: "https://drs.cloud.test", good: []string{"drs.cloud.test:443", "a.b.drs.cloud.test:443"}, bad: []string{"drs.cloud.test:80", "cloud.test:443"}},
		"$E ":              {value: "http://127.0.0.1:4711/x?y", good: []string{"127.0.0.1:4711"}, bad: []string{"127.0.0.1:80", "a.127.0.0.1:4711"}},
		"$E  ":             {value: " https://u:p@cloud.test:8443/ ", good: []string{"cloud.test:8443"}, bad: []string{"cloud.test:443", "u:443"}},
		"$E   ":            {value: "cloud.test", good: []string{"cloud.test:443", "cloud.test:80"}},
		"$E    ":           {value: "cloud.test:99", good: []string{"cloud.test:99"}, bad: []string{"cloud.test:443"}},
		"$E     ":          {value: "[::1]:99", good: []string{"[::1]:99"}},
		"$E      ":         {value: "http://[::1%25lo]:99", bad: []string{"[::1]:99"}},
		"$E       ":        {value: "not a host", bad: []string{"not:443"}},
		"$E        ":       {value: "", bad: []string{":443", "a:443"}},
		"$UNSET":           {bad: []string{"a:443"}},
	} {
		p := sdk.Permissions{Hosts: []string{strings.TrimSpace(rule)}, Environment: []sdk.EnvVar{{Name: "E"}, {Name: "UNSET"}}}
		rules, err := RulesOf(p, func(name string) (string, bool) { return test.value, name == "E" })
		if err != nil {
			t.Errorf("%s: %v", rule, err)
		}
		if test.good == nil != rules.Empty() && !strings.HasPrefix(rule, "$") {
			t.Errorf("%s: empty is %v", rule, rules.Empty())
		}
		for _, address := range append(append([]string{}, test.good...), test.bad...) {
			want := slices.Contains(test.good, address)
			to, hasPort, err := parseHost(address)
			matched, _ := rules.match(to)
			if got := err == nil && hasPort && len(matched) > 0; got != want {
				t.Errorf("%s (%s): %s is allowed: %v, want %v (%v)", rule, test.value, address, got, want, err)
			}
		}
	}
}

func TestRulesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"", "*", "*.", "*.*.example.com", "a.*.com", "https://example.com", "example.com/", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8:443", "example.com:", "example.com:0", "example.com:65536",
		"example.com:https", "example..com", "-a.com", "a b.com", "a.com\n", "*.10.0.0.1", "127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "::1%lo", "[::1", "[example.com]:443",
		"[10.0.0.1]:80", "user@example.com", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 127) + "com", "$NOT_DECLARED", "$",
	} {
		_, err := RulesOf(sdk.Permissions{Hosts: []string{"ok.test", rule}}, nil)
		if err == nil || !strings.Contains(err.Error(), "reading the permission for the host") {
			t.Errorf("%q: %v", rule, err)
		}
	}
}

func TestNetworkOfADeclaredName(t *testing.T) {
	t.Parallel()
	rules, err := RulesOf(sdk.Permissions{Hosts: []string{"*.cloud.test", "100.125.0.0/16"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	to, _, err := parseHost("obs.cloud.test:443")
	if err != nil {
		t.Fatal(err)
	}
	matched, _ := rules.match(to)
	for address, want := range map[string]bool{"100.125.1.2": true, "100.126.1.2": false, "10.0.0.1": false, "8.8.8.8": true} {
		if got := rules.admits(matched, to, netip.MustParseAddr(address)); got != want {
			t.Errorf("a declared name may have %s: %v", address, got)
		}
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true, "2a00:1450::1": true, "::ffff:8.8.8.8": true,
		"64:ff9b::8.8.8.8": true, "2002:808:808::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.100.100.200": false, "127.0.0.1": false, "127.255.255.255": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false,
		"168.63.129.16": false, "::": false, "::1": false, "::127.0.0.1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "fe80::1": false,
		"fec0::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "64:ff9b::10.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::8.8.8.8": false,
		"2002:7f00:1::": false, "2002:a9fe:a9fe::1": false, "2001::1": false, "2001:db8::1": false, "100::1": false, "fe80::1%eth0": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public is %v", address, got)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// FuzzRules looks for a rule or a host that crashes the parser, or that allows what it does not say.
func FuzzRules(f *testing.F) {
	for _, seed := range [][2]string{{"*.example.com:8", "a.example.com:8"}, {"[::1]:9", "[::1]:9"}, {"bücher.de", "xn--bcher-kva.de:443"}, {":", "[:"}, {"[]:1", "]:1"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, entry, host string) {
		rules, err := RulesOf(sdk.Permissions{Hosts: []string{entry}}, nil)
		chosen, ok := chosenRule("$E", entry)
		to, hasPort, hostErr := parseHost(host)
		if hostErr != nil || !hasPort {
			return
		}
		if again, _, err := parseHost(to.authority()); err != nil || again != to {
			t.Fatalf("%q is %+v, which is read as %+v, %v", host, to, again, err)
		}
		if to.host == "" == !to.addr.IsValid() {
			t.Fatalf("%q is %+v", host, to)
		}
		if err == nil {
			matched, _ := rules.match(to)
			if name := strings.TrimPrefix(rules.all[0].name, "*."); len(matched) > 0 && to.host != "" && !strings.HasSuffix(to.host, name) {
				t.Fatalf("%q allows %q", entry, host)
			}
			if len(matched) > 0 && rules.admits(matched, to, netip.MustParseAddr("169.254.169.254")) && rules.all[0].addr.String() != "169.254.169.254" {
				t.Fatalf("%q lets the metadata address through", entry)
			}
		}
		if matched, _ := (Rules{[]rule{chosen}}).match(to); ok && len(matched) > 0 && to.host != "" && to.host != chosen.name && !strings.HasSuffix(to.host, "."+chosen.name) {
			t.Fatalf("a variable with %q allows %q", entry, host)
		}
	})
}
