package rfs

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"mcp-server/plugins/internal/huaweicloud"
)

// Version is one version of a template.
type Version struct {
	VersionID          string `json:"version_id" jsonschema_description:"Id of the version: V and a number that grows by one with each version."`
	VersionDescription string `json:"version_description,omitempty" jsonschema_description:"Description of the version."`
	CreateTime         string `json:"create_time,omitempty" jsonschema_description:"Time of creation, RFC 3339 in UTC."`
}

var versionID = regexp.MustCompile(`^V[0-9]{1,10}$`)

// IsVersionID reports whether a text can be the id of a version.
func IsVersionID(text string) bool { return versionID.MatchString(text) }

// Number is the number in the version's id: as text V10 would sort before V9. Of an id in another form it is 0.
func (v Version) Number() uint64 {
	digits, _ := strings.CutPrefix(v.VersionID, "V")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// Versions returns a template's versions and its id. More is set when there are more than [MostItems]. Report is that of [Walk].
// (https://support.huaweicloud.com/intl/en-us/api-aos/ListTemplateVersions.html)
func Versions(
	ctx context.Context, client *huaweicloud.Client, target huaweicloud.Target, t Template, report func(items int),
) (list []Version, id string, more bool, err error) {
	id = t.TemplateID
	list, next, err := Walk(ctx, "", report, func(ctx context.Context, marker string) ([]Version, string, error) {
		var reply struct {
			Versions []struct {
				Version
				TemplateID string `json:"template_id"`
			} `json:"versions"`
			PageInfo PageInfo `json:"page_info"`
		}
		request := t.Request("ListTemplateVersions", "versions")
		if marker != "" {
			request.Query.Set("marker", marker)
		}
		if _, err := client.JSON(ctx, target, request, &reply); err != nil {
			return nil, "", err
		}
		page := make([]Version, 0, len(reply.Versions))
		for _, v := range reply.Versions {
			page, id = append(page, v.Version), v.TemplateID
		}
		return page, reply.PageInfo.NextMarker, nil
	})
	return list, id, next != "", err
}
