package access_test

import (
	"strings"
	"testing"

	"mcp-server/internal/access"
)

func TestRules(t *testing.T) {
	t.Parallel()
	list := access.Tool{Name: "drs_list_jobs", ReadOnly: true, Idempotent: true}
	export := access.Tool{Name: "drs_export_template", Destructive: true, OpenWorld: true}
	for _, c := range []struct {
		rule         string
		list, export bool
	}{
		{"drs_list_jobs", true, false},
		{"drs_*", true, true},
		{"*", true, true},
		{"*_list_*", true, false},
		{"d*s_*_jobs", true, false},
		{"drs_list_jobs*", true, false},
		{"drs", false, false},
		{"jobs*", false, false},
		{"*list", false, false},
		{"drs_list_jobs*jobs", false, false},
		{"DRS_*", false, false},
		{"hint:read_only", true, false},
		{"hint:!read_only", false, true},
		{"hint:destructive", false, true},
		{"hint:!destructive", true, false},
		{"hint:idempotent", true, false},
		{"hint:open_world", false, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			r, err := access.ParseRule(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			if r.Matches(list) != c.list || r.Matches(export) != c.export || r.String() != c.rule {
				t.Errorf("matches %v and %v, written %q", r.Matches(list), r.Matches(export), r)
			}
		})
	}
	for _, bad := range []string{"", "hint:", "hint:readonly", "hint:!!destructive", "a b", "drs_?", "drs,rfs", "ümlaut"} {
		if r, err := access.ParseRule(bad); err == nil {
			t.Errorf("%q is a rule: %+v", bad, r)
		}
	}
	if (access.Rule{}).Matches(access.Tool{}) {
		t.Error("the zero rule picks a tool")
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	reads := access.Tool{Name: "drs_list_jobs", ReadOnly: true}
	writes := access.Tool{Name: "drs_export_template"}
	rules := func(texts ...string) []access.Rule {
		r, err := access.ParseRules(texts)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		name          string
		policy        access.Policy
		reads, writes bool
		reason        string // of the first refusal
	}{
		{"nothing said", access.Policy{}, true, true, ""},
		{"read-only beats allow", access.Policy{ReadOnly: true, Allow: rules("*")}, true, false, "--read-only"},
		{"deny beats allow", access.Policy{Allow: rules("drs_*"), Deny: rules("drs_export_*")}, true, false, "drs_export_*"},
		{"allow", access.Policy{Allow: rules("hint:read_only")}, true, false, "--allow-tool"},
		{"a caller's", access.Policy{Deny: rules("*"), Of: `the caller "ci"`}, false, false, `to the caller "ci"; whoever keeps the access file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, reason := c.policy.Permits(reads)
			w, other := c.policy.Permits(writes)
			if r != c.reads || w != c.writes || !strings.Contains(reason+other, c.reason) {
				t.Errorf("reads %v, writes %v: %q %q", r, w, reason, other)
			}
		})
	}
	if ok, reason := access.Permits(writes, access.Policy{}, access.Policy{ReadOnly: true, Of: "the caller"}); ok || !strings.Contains(reason, "the caller is read-only") {
		t.Errorf("two policies: %v %q", ok, reason)
	}
}
