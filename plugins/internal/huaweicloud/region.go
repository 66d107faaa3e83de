package huaweicloud

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	rfs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/aos/v1/region"
	drs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/drs/v5/region"
	htap "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/region"
	iam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3/region"
	roma "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/roma/v2/region"

	"mcp-server/sdk"
)

// globalIAM is the endpoint of IAM for regions that the official SDK's table lacks, as in that SDK.
const globalIAM = "https://iam.myhuaweicloud.com"

// lookUpRegion asks the official SDK's table, whose host names follow no rule. Its own overrides (the regions
// file and HUAWEICLOUD_SDK_REGION_<service>_<region>) count.
func (c *Client) lookUpRegion(service Service, id string) (string, error) {
	c.regions.Lock()
	defer c.regions.Unlock()
	found, err := regionTable(service)(id)
	if err == nil && found != nil && len(found.Endpoints) > 0 {
		return found.Endpoints[0], nil
	}
	known, listed := knownRegions(err)
	switch {
	case !listed:
		// The table panics inside on a regions file that it cannot read, and the SDK turns that into this error.
		return "", badSetting("reading the endpoints of the official SDK: %s (or ~/.huaweicloud/regions.yaml) is not a valid regions file",
			envRegionsFile)
	case service == IAM:
		return globalIAM, nil
	}
	return "", sdk.InvalidArgument("region", "is %s, where %s is not known to be offered; %s. For a newer region or a private cloud set %s%s",
		quote(id), service, suggest(id, known), envEndpoint, service)
}

func regionTable(service Service) func(string) (*region.Region, error) {
	switch service {
	case HTAP:
		return htap.SafeValueOf
	case DRS:
		return drs.SafeValueOf
	case RFS:
		return rfs.SafeValueOf
	case ROMA:
		return roma.SafeValueOf
	case IAM:
		return iam.SafeValueOf
	}
	return func(string) (*region.Region, error) {
		return nil, fmt.Errorf("service %q: [%s]", service, "")
	}
}

// knownRegions reads the list that the SDK writes into its error: it is exported nowhere else.
func knownRegions(err error) (ids []string, listed bool) {
	if err == nil {
		return nil, false
	}
	_, list, found := strings.Cut(err.Error(), ": [")
	list, closed := strings.CutSuffix(list, "]")
	if !found || !closed {
		return nil, false
	}
	return strings.Split(list, ", "), true
}

// suggest names the regions that look most like what was asked for.
func suggest(id string, known []string) string {
	const most = 8
	byDistance := slices.Clone(known)
	slices.SortStableFunc(byDistance, func(a, b string) int { return cmp.Compare(distance(id, a), distance(id, b)) })
	if len(byDistance) <= most {
		return "it is offered in " + strings.Join(byDistance, ", ")
	}
	return fmt.Sprintf("the nearest of the %d names are %s", len(known), strings.Join(byDistance[:most], ", "))
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
