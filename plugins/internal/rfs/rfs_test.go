package rfs

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"mcp-server/sdk"
)

func TestWalkStops(t *testing.T) {
	t.Parallel()
	items := func(count int) []int { return make([]int, count) }
	broken := errors.New("broken")
	for name, tc := range map[string]struct {
		start string
		page  func(marker string) ([]int, string, error)
		items int
		next  string
		err   string
	}{
		"one page":         {page: func(string) ([]int, string, error) { return items(3), "", nil }, items: 3},
		"no items":         {page: func(string) ([]int, string, error) { return nil, "", nil }},
		"the cap":          {page: func(m string) ([]int, string, error) { return items(300), m + "x", nil }, items: 1200, next: "xxxx"},
		"exactly the cap":  {page: func(string) ([]int, string, error) { return items(MostItems), "", nil }, items: MostItems},
		"the cap and more": {page: func(m string) ([]int, string, error) { return items(MostItems), m + "x", nil }, items: MostItems, next: "x"},
		"empty pages":      {page: func(m string) ([]int, string, error) { return nil, m + "x", nil }, next: strings.Repeat("x", mostPages)},
		"the start again":  {start: "a", page: func(string) ([]int, string, error) { return items(1), "a", nil }, err: "the same next page"},
		"a circle": {page: func(m string) ([]int, string, error) {
			return items(1), map[string]string{"": "a", "a": "b", "b": "a"}[m], nil
		}, err: "the same next page"},
		"a broken page": {page: func(string) ([]int, string, error) { return items(1), "a", broken }, err: "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, next, err := Walk(t.Context(), tc.start, nil, func(_ context.Context, marker string) ([]int, string, error) { return tc.page(marker) })
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want an error with %q", err, tc.err)
				}
				return
			}
			if err != nil || len(all) != tc.items || next != tc.next {
				t.Errorf("got %d items, marker %q and %v; want %d, %q", len(all), next, err, tc.items, tc.next)
			}
		})
	}
}

func TestWalkReportsBetweenPages(t *testing.T) {
	t.Parallel()
	var reports []int
	_, _, err := Walk(t.Context(), "", func(items int) { reports = append(reports, items) },
		func(_ context.Context, marker string) ([]string, string, error) {
			if marker == "2" {
				return []string{"last"}, "", nil
			}
			number, _ := strconv.Atoi(marker)
			return []string{"a", "b"}, strconv.Itoa(number + 1), nil
		})
	if err != nil || len(reports) != 2 || reports[0] != 2 || reports[1] != 4 {
		t.Errorf("got %v and %v, want 2 and 4", reports, err)
	}
}

func TestRepeatedMarkerIsTheCloudsFault(t *testing.T) {
	t.Parallel()
	_, _, err := Walk(t.Context(), "", nil, func(context.Context, string) ([]int, string, error) { return nil, "same", nil })
	if e := sdk.AsError(err); e.Source != sdk.SourceCloud || e.Code != sdk.CodeUnavailable {
		t.Errorf("got %+v", e)
	}
}

func TestVersionNumber(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]uint64{"V1": 1, "V10": 10, "V9999999999": 9999999999, "": 0, "V": 0, "Vx": 0, "V-1": 0, "V99999999999999999999999": 0} {
		if got := (Version{VersionID: id}).Number(); got != want {
			t.Errorf("%q: got %d, want %d", id, got, want)
		}
	}
}
