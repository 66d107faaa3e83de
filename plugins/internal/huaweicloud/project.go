package huaweicloud

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mcp-server/sdk"
)

// iamEndpoint finds IAM: its override, the official SDK's variable, the profile's, or the one of the region.
func (c *Client) iamEndpoint(p place, profile string) (endpoint, error) {
	if value := c.setting(envEndpoint + string(IAM)); value != "" {
		return parseEndpoint(envEndpoint+string(IAM), value, true)
	}
	if value := c.setting(envIAMEndpoint); value != "" {
		return parseEndpoint(envIAMEndpoint, value, true)
	}
	if profile != "" {
		return parseEndpoint("iam_endpoint in the credentials file", profile, true)
	}
	if p.endpoint.private() {
		return endpoint{}, badSetting("%s%s is outside the public cloud, so its credentials are not shown to the public IAM; "+
			`set %s%s too, or give argument "project_id" and an access key`, envEndpoint, c.service, envEndpoint, IAM)
	}
	if p.region == "" {
		return endpoint{}, regionMissing()
	}
	value, err := c.lookUpRegion(IAM, p.region)
	if err != nil {
		return endpoint{}, err
	}
	return parseEndpoint("the endpoint of IAM", value, false)
}

// projectID returns the project that a path needs, and asks IAM only when nothing else says it.
func (c *Client) projectID(ctx context.Context, p place, cred credential, path []string) (string, error) {
	if p.project != "" {
		return p.project, nil
	}
	if cred.project != "" {
		return cred.project, nil
	}
	if !slices.Contains(path, ProjectSegment) {
		return "", nil
	}
	if p.region == "" {
		return "", sdk.InvalidArgument("project_id", `is needed; give it, or give argument "region" so that it can be looked up, or set %s or %s for the server`,
			envProject, envRegion)
	}
	key := scope{owner: cred.ak + "\x00" + cred.token, region: p.region}
	if id := c.cache.project(key); id != "" {
		return id, nil
	}
	if err := c.cache.projectTurn.enter(ctx); err != nil {
		return "", err
	}
	defer c.cache.projectTurn.leave()
	if id := c.cache.project(key); id != "" {
		return id, nil
	}
	id, err := c.lookUpProject(ctx, p, cred)
	if err != nil {
		return "", err
	}
	c.cache.put(func() { c.cache.projects[key] = id })
	return id, nil
}

// lookUpProject is IAM's KeystoneListProjects (https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0001.html).
func (c *Client) lookUpProject(ctx context.Context, p place, cred credential) (string, error) {
	at, err := c.iamEndpoint(p, cred.iamEndpoint)
	if err != nil {
		return "", err
	}
	path := []string{"v3", "projects"}
	target, err := requestURL(at.url, path, nil, url.Values{"name": {p.region}})
	if err != nil {
		return "", err
	}
	var reply struct {
		Projects []struct {
			ID string `json:"id"`
		} `json:"projects"`
	}
	_, err = c.decode(ctx, shot{
		service: IAM, operation: "KeystoneListProjects", method: http.MethodGet, url: target, route: routeOf(path), region: p.region, credential: cred,
		header: http.Header{"Content-Type": {"application/json"}}, repeat: repeatAlways, wait: c.limits.answer,
	}, &reply)
	if err != nil {
		return "", err
	}
	switch len(reply.Projects) {
	case 1:
		if id := reply.Projects[0].ID; projectPattern.MatchString(id) {
			return id, nil
		}
		return "", sdk.InvalidArgument("project_id", "is needed: IAM answered with no usable project id for region %s", p.region)
	case 0:
		return "", sdk.InvalidArgument("project_id", "is needed: the account has no project in region %s. Give another region, or a project id of this one",
			p.region)
	}
	ids := make([]string, 0, len(reply.Projects))
	for _, project := range reply.Projects {
		ids = append(ids, clean(project.ID, 64))
	}
	return "", sdk.InvalidArgument("project_id", "is needed: the account has several projects in region %s; give one of %s", p.region, clip(strings.Join(ids, ", "), 400))
}
