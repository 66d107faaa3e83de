package rfs

import (
	"context"

	"mcp-server/sdk"
)

// MostItems is how many items [Walk] collects before it stops.
const MostItems = 1000

// mostPages ends a walk through pages that are empty but for a new marker each.
const mostPages = 1000

// PageInfo is how a list says whether there is more.
type PageInfo struct {
	NextMarker string `json:"next_marker"` // null and absent mean the end; absent altogether where the service knows no pages yet
}

// Walk collects the items of all pages from marker on (empty: from the first), and returns the marker of the page at which it stopped;
// empty when there are no more. It stops after the page that makes [MostItems] full. Between two pages it calls report, if there is one, with the
// number of items so far. A marker that comes a second time would make the list endless, so it is an error.
func Walk[T any](
	ctx context.Context, marker string, report func(items int), page func(ctx context.Context, marker string) ([]T, string, error),
) ([]T, string, error) {
	var all []T
	seen := map[string]bool{marker: true}
	for {
		items, next, err := page(ctx, marker)
		if err != nil {
			return nil, "", err
		}
		all = append(all, items...)
		if next == "" || len(all) >= MostItems || len(seen) >= mostPages {
			return all, next, nil
		}
		if seen[next] {
			return nil, "", &sdk.Error{
				Code: sdk.CodeUnavailable, Source: sdk.SourceCloud,
				Message: "RFS names the same next page again and again, so the list would never end; call again later",
			}
		}
		seen[next] = true
		if report != nil {
			report(len(all))
		}
		marker = next
	}
}
