package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// status is how a scenario ended, in the page's words.
type status string

// From the best to the worst; rank orders them.
const (
	pass status = "pass" // at least one check succeeded, none failed
	skip status = "skip" // the suite says that it does not check this
	warn status = "warn" // something that the specification says SHOULD be is not
	fail status = "fail"
)

func (s status) rank() int { return slices.Index([]status{pass, skip, warn, fail}, s) }

// outcome is one scenario of one run, or the worst of several.
type outcome struct {
	demand
	status status
	// passed of checks succeeded; checks that only inform or were skipped do not count.
	passed, checks int
	problems       []string
	skipped        []string // the suite's reasons not to check something
}

// check is one entry of the suite's checks.json.
type check struct {
	ID           string `json:"id"`
	Description  string `json:"description"`
	Status       string `json:"status"`
	ErrorMessage string `json:"errorMessage"`
}

func (c check) text() string {
	if c.ErrorMessage != "" {
		return c.ErrorMessage
	}
	return c.Description
}

// readResults reads the folder that the suite was given with -o: a folder server-<scenario>-<time> with a checks.json for each
// scenario. One that is required and has none ended with an error, which is a failure.
func readResults(folder string, demands []demand) ([]outcome, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	named := regexp.MustCompile(`^server-(.+)-\d{4}-\d\d-\d\dT[0-9-]+Z$`)
	folders := map[string]string{}
	for _, entry := range entries {
		if parts := named.FindStringSubmatch(entry.Name()); parts != nil {
			folders[parts[1]] = filepath.Join(folder, entry.Name())
		}
	}
	outcomes := make([]outcome, len(demands))
	for n, d := range demands {
		checks, err := readChecks(folders[d.scenario])
		if err != nil {
			return nil, err
		}
		outcomes[n] = judge(d, checks)
		delete(folders, d.scenario)
	}
	for scenario := range folders {
		return nil, fmt.Errorf("the suite ran %s, which it had not listed", scenario)
	}
	return outcomes, nil
}

func readChecks(folder string) ([]check, error) {
	missing := []check{{ID: "scenario", Status: "FAILURE", ErrorMessage: "the suite could not run it; see suite.log"}}
	if folder == "" {
		return missing, nil
	}
	content, err := os.ReadFile(filepath.Join(folder, "checks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return missing, nil
	}
	if err != nil {
		return nil, err
	}
	var checks []check
	if err := json.Unmarshal(content, &checks); err != nil {
		return nil, fmt.Errorf("reading the checks of %s: %w", filepath.Base(folder), err)
	}
	return checks, nil
}

// judge counts a scenario's checks. A status that is not known counts as a failure.
func judge(d demand, checks []check) outcome {
	o := outcome{demand: d, status: skip}
	for _, c := range checks {
		found := fail
		switch c.Status {
		case "INFO":
			continue
		case "SKIPPED":
			o.skipped = append(o.skipped, c.text())
			continue
		case "SUCCESS":
			found = pass
			o.passed++
		case "WARNING":
			found = warn
		}
		o.checks++
		if found != pass {
			o.problems = append(o.problems, c.ID+": "+c.text())
		}
		if o.status == skip || found.rank() > o.status.rank() {
			o.status = found
		}
	}
	if o.status == skip && o.skipped == nil {
		o.status, o.problems = warn, []string{"nothing was checked"} // which the suite itself takes for a pass
	}
	return o
}

// worst merges a run into the ones before: what failed once has failed.
func worst(before, now []outcome) []outcome {
	if before == nil {
		return now
	}
	for n := range before {
		if now[n].status.rank() > before[n].status.rank() {
			before[n] = now[n]
		}
	}
	return before
}
