package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseDemands reads what the suite printed.
func TestParseDemands(t *testing.T) {
	t.Parallel()
	for revision, want := range map[string]struct {
		scored, all int
		last        demand
	}{
		"2025-11-25": {30, 33, demand{"server-sse-polling", "pending"}},
		"2026-07-28": {37, 50, demand{"http-custom-header-server-validation", "pending"}},
	} {
		said, err := os.ReadFile("testdata/list-" + revision + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		all := parseDemands(string(said))
		scored := 0
		for _, d := range all {
			if d.reason == "" {
				scored++
			}
		}
		if scored != want.scored || len(all) != want.all || all[len(all)-1] != want.last {
			t.Errorf("%s: %d scored of %d, last %+v, want %+v", revision, scored, len(all), all[len(all)-1], want)
		}
	}
}

// recorded are the demands whose results are in testdata: one of each kind, one that broke off, one that never began.
func recorded() []demand {
	return []demand{{scenario: "ping"}, {scenario: "tools-call-with-progress"}, {"server-sse-polling", "pending"},
		{scenario: "sep-2164-resource-not-found"}, {"tasks-status-notifications", "extension"}, {scenario: "prompts-list"}, {scenario: "tools-list"}}
}

// TestReadResults reads results that the suite wrote.
func TestReadResults(t *testing.T) {
	t.Parallel()
	outcomes, err := readResults("testdata/results", recorded())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range outcomes {
		got = append(got, strings.Join([]string{o.scenario, string(o.status), strings.Join(o.problems, "; ")}, ": "))
	}
	want := []string{
		"ping: pass: ",
		"tools-call-with-progress: fail: tools-call-with-progress: Expected at least 3 progress notifications, got 2",
		"server-sse-polling: warn: nothing was checked",
		"sep-2164-resource-not-found: warn: sep-2164-data-uri: Error data.uri is undefined, expected \"test://nonexistent-resource-for-conformance-testing\". This is a SHOULD requirement.",
		"tasks-status-notifications: skip: ",
		"prompts-list: fail: scenario: the suite could not run it; see suite.log",
		"tools-list: fail: scenario: the suite could not run it; see suite.log",
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
	if o := outcomes[1]; o.passed != 1 || o.checks != 2 {
		t.Errorf("progress: %d of %d checks, want 1 of 2", o.passed, o.checks)
	}
	if _, err := readResults("testdata/results", recorded()[1:]); err == nil {
		t.Error("a result that nobody asked for was passed over")
	}
}

// TestWorst keeps a failure whatever the other runs say.
func TestWorst(t *testing.T) {
	t.Parallel()
	run := func(s ...status) []outcome {
		outcomes := make([]outcome, len(s))
		for n := range s {
			outcomes[n].status = s[n]
		}
		return outcomes
	}
	merged := worst(worst(worst(nil, run(pass, fail, pass, skip)), run(pass, pass, warn, pass)), run(pass, pass, pass, pass))
	for n, want := range []status{pass, fail, warn, skip} {
		if merged[n].status != want {
			t.Errorf("scenario %d: %s, want %s", n, merged[n].status, want)
		}
	}
}

// TestCompare has every way in which a run is not as expected.
func TestCompare(t *testing.T) {
	t.Parallel()
	excuse := func(scenario string) []known {
		return []known{{Transport: overStdio, Revision: "2025-11-25", Scenario: scenario, Reason: "the gateway"}}
	}
	tests := []struct {
		name   string
		status status
		list   []known
		want   string
	}{
		{"passes", pass, nil, ""},
		{"skipped", skip, nil, ""},
		{"fails", fail, nil, "stdio 2025-11-25 ping: fail: it: broke"},
		{"warns", warn, nil, "stdio 2025-11-25 ping: warn: it: broke"},
		{"fails as expected", fail, excuse("ping"), ""},
		{"passes against expectation", pass, excuse("ping"), "remove it there"},
		{"skipped against expectation", skip, excuse("ping"), "remove it there"},
		{"expected and not run", pass, excuse("pong"), "does not run it"},
		{"expected of another transport", fail, []known{{Transport: overHTTP, Revision: "2025-11-25", Scenario: "ping"}}, "ping: fail"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := outcome{demand: demand{scenario: "ping"}, status: tt.status, problems: []string{"it: broke"}}
			err := compare([]leg{{overStdio, "2025-11-25", []outcome{o}}}, tt.list)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestExpectedFailures reads the real list.
func TestExpectedFailures(t *testing.T) {
	t.Parallel()
	list, err := readKnown("expected-failures.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		if k.Transport != overStdio {
			t.Errorf("%+v: only the gateway is excused", k)
		}
	}
}
