package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// known is a scenario that does not pass for a reason that is not the server's.
type known struct {
	Transport string `json:"transport"`
	Revision  string `json:"revision"`
	Scenario  string `json:"scenario"`
	Reason    string `json:"reason"`
}

func readKnown(path string) ([]known, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []known
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	for _, k := range list {
		if k.Reason == "" || !slices.Contains(revisions(), k.Revision) || k.Transport != overHTTP && k.Transport != overStdio {
			return nil, fmt.Errorf("reading %s: %+v needs a transport, a revision and a reason", path, k)
		}
	}
	return list, nil
}

// compare returns what is not as expected: failures and warnings that are not known, and known ones that pass or that nobody ran.
// A skipped scenario is no failure, and the page shows it.
func compare(legs []leg, list []known) error {
	var problems []error
	met := map[int]bool{}
	for _, l := range legs {
		for _, o := range l.outcomes {
			where := fmt.Sprintf("%s %s %s", l.transport, l.revision, o.scenario)
			n := find(list, l, o.scenario)
			met[n] = true
			bad := o.status == fail || o.status == warn
			if bad && n < 0 {
				for _, problem := range o.problems {
					problems = append(problems, fmt.Errorf("%s: %s: %s", where, o.status, problem))
				}
			}
			if !bad && n >= 0 {
				problems = append(problems, fmt.Errorf("%s: %s, and is still in the list of expected failures; remove it there", where, o.status))
			}
		}
	}
	for n, k := range list {
		if !met[n] {
			problems = append(problems, fmt.Errorf("%s %s %s: expected to fail, and the suite does not run it", k.Transport, k.Revision, k.Scenario))
		}
	}
	return errors.Join(problems...)
}

// find returns the place of a scenario in the list, -1 when it is not there.
func find(list []known, l leg, scenario string) int {
	return slices.IndexFunc(list, func(k known) bool {
		return k.Transport == l.transport && k.Revision == l.revision && k.Scenario == scenario
	})
}

// conclude writes the page, or compares it when only that is asked for, and says what was wrong.
func conclude(c config, page []byte, problem error, out io.Writer) error {
	before, err := os.ReadFile(c.page)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	same := bytes.Equal(before, page)
	switch {
	case same:
	case c.check:
		problem = errors.Join(problem, fmt.Errorf("%s would change, run `make conformance` and look at the difference", c.page))
		err = os.WriteFile(c.out+"/conformance.md", page, 0o600)
	default:
		err = os.WriteFile(c.page, page, 0o644) //nolint:gosec // a page of the documentation is for everybody
	}
	if err != nil || problem != nil {
		return errors.Join(problem, err)
	}
	_, err = fmt.Fprintf(out, "as expected; %s is up to date\n", c.page)
	return err
}
