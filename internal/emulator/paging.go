package emulator

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
)

// number reads a whole number from a query; absent gives the fallback.
func number(query url.Values, name string, fallback, low, high int) (int, bool) {
	text := query.Get(name)
	if text == "" {
		return fallback, true
	}
	value, err := strconv.Atoi(text)
	return value, err == nil && value >= low && value <= high
}

// window cuts a list by the offset and limit of a query; the offset counts items.
func window[T any](list []T, query url.Values, fallback int) (page []T, bad string) {
	offset, ok := number(query, "offset", 0, 0, 1<<30)
	if !ok {
		return nil, "offset"
	}
	limit, ok := number(query, "limit", fallback, 1, 1000)
	if !ok {
		return nil, "limit"
	}
	offset = min(offset, len(list))
	return list[offset:min(offset+limit, len(list))], ""
}

// pageInfo is how RFS describes a page; a null next_marker ends the list.
type pageInfo struct {
	NextMarker     *string `json:"next_marker"`
	PreviousMarker *string `json:"previous_marker"`
	CurrentCount   int     `json:"current_count"`
}

// marked cuts a list by the marker and limit of a query. A marker names its list and limit, because RFS accepts one
// only with the parameters of the request that returned it.
func marked[T any](list []T, query url.Values, name string, size int) (page []T, info pageInfo, bad string) {
	limit, ok := number(query, "limit", size, 1, 1000)
	if !ok {
		return nil, info, "limit"
	}
	offset := 0
	if text := query.Get("marker"); text != "" {
		if offset, ok = readMarker(text, name, limit); !ok {
			return nil, info, "marker"
		}
	}
	offset = min(offset, len(list))
	end := min(offset+limit, len(list))
	info.CurrentCount = end - offset
	if end < len(list) {
		info.NextMarker = writeMarker(name, limit, end)
	}
	if offset > 0 {
		info.PreviousMarker = writeMarker(name, limit, max(offset-limit, 0))
	}
	return list[offset:end], info, ""
}

func writeMarker(name string, limit, offset int) *string {
	text := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %s", limit, offset, name))
	return &text
}

func readMarker(text, name string, limit int) (offset int, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	var gotLimit int
	var gotName string
	if _, err := fmt.Sscanf(string(raw), "%d %d %s", &gotLimit, &offset, &gotName); err != nil {
		return 0, false
	}
	return offset, gotName == name && gotLimit == limit && offset >= 0
}
