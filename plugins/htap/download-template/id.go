package main

import "mcp-server/sdk"

// The kinds of instances, by the last four characters of their ids.
const (
	suffixTaurusDB    = "in07"
	suffixLightweight = "in16"
	suffixStandard    = "in17"
)

// wrongID explains an id of another kind than the tool takes; want says which kind it takes and where its id is found. The
// documentation itself mixes the kinds up: its example of the template's request has an id that ends in in07.
func wrongID(id, want string) *sdk.Error {
	return sdk.InvalidArgument("instance_id", "is %s; %s", kindOf(id), want)
}

func kindOf(id string) string {
	switch suffixOf(id) {
	case suffixTaurusDB:
		return "the id of a TaurusDB instance (it ends in in07)"
	case suffixLightweight:
		return "the id of a lightweight HTAP instance (ClickHouse, it ends in in16)"
	case suffixStandard:
		return "the id of a standard HTAP instance (StarRocks, it ends in in17)"
	}
	return "not an instance id of TaurusDB or HTAP, which end in in07, in16 or in17"
}

func suffixOf(id string) string { return id[max(len(id)-len(suffixStandard), 0):] }
