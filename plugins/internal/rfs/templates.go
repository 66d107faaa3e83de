package rfs

import (
	"context"
	"net/url"
	"strconv"

	"mcp-server/plugins/internal/huaweicloud"
)

// TemplatesPage returns one page of the list of templates, as items of which T has what the caller wants, and the marker of
// the next page. Without a limit, which is 0, the service decides how long a page is; the first page has no marker.
// (https://support.huaweicloud.com/intl/en-us/api-aos/ListTemplates.html)
func TemplatesPage[T any](
	ctx context.Context, client *huaweicloud.Client, target huaweicloud.Target, limit int, marker string,
) (page []T, next string, err error) {
	query := url.Values{}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if marker != "" {
		query.Set("marker", marker)
	}
	var reply struct {
		Templates []T      `json:"templates"`
		PageInfo  PageInfo `json:"page_info"`
	}
	_, err = client.JSON(ctx, target, huaweicloud.Request{
		Operation: "ListTemplates",
		Path:      []string{"v1", huaweicloud.ProjectSegment, "templates"},
		Query:     query,
	}, &reply)
	return reply.Templates, reply.PageInfo.NextMarker, err
}
