package huaweicloud

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"mcp-server/sdk"
)

// passwordToken exchanges user and password for a token and keeps it until shortly before its end: IAM's
// KeystoneCreateUserTokenByPassword (https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html).
func (c *Client) passwordToken(ctx context.Context, p place) (credential, error) {
	user, err := c.passwordSettings()
	if err != nil {
		return credential{}, err
	}
	scope := scope{owner: user.name + "\x00" + user.domainName + "\x00" + user.domainID + "\x00" + user.password, region: p.region, project: p.project}
	if held := c.cache.token(scope); held.valid(c.now()) {
		return held, nil
	}
	if err := c.cache.credentialTurn.enter(ctx); err != nil {
		return credential{}, err
	}
	defer c.cache.credentialTurn.leave()
	if held := c.cache.token(scope); held.valid(c.now()) {
		return held, nil
	}
	fresh, err := c.requestToken(ctx, user, p)
	if err != nil {
		return credential{}, err
	}
	c.cache.put(func() { c.cache.tokens[scope] = fresh })
	return fresh, nil
}

type passwordUser struct{ name, password, domainName, domainID string }

func (c *Client) passwordSettings() (passwordUser, error) {
	u := passwordUser{
		name: c.setting(envUser), password: c.env(envPassword), domainName: c.setting(envDomainName), domainID: c.setting(envDomainID),
	}
	if u.name == "" && u.password == "" && u.domainName == "" {
		return u, errNotSet // the domain id alone is a setting of the official SDK with another purpose
	}
	var missing []string
	if u.name == "" {
		missing = append(missing, envUser)
	}
	if u.password == "" {
		missing = append(missing, envPassword)
	}
	if u.domainName == "" && u.domainID == "" {
		missing = append(missing, envDomainName)
	}
	if len(missing) > 0 {
		return u, unauthenticated("a token by password needs %s, %s and %s; not set: %s",
			envUser, envPassword, envDomainName, strings.Join(missing, ", "))
	}
	return u, nil
}

func (c *Client) requestToken(ctx context.Context, user passwordUser, p place) (credential, error) {
	if p.project == "" && p.region == "" {
		return credential{}, regionMissing()
	}
	at, err := c.iamEndpoint(p, "")
	if err != nil {
		return credential{}, err
	}
	path := []string{"v3", "auth", "tokens"}
	target, err := requestURL(at.url, path, nil, nil)
	if err != nil {
		return credential{}, err
	}
	body, err := encodeBody(tokenRequest(user, p))
	if err != nil {
		return credential{}, err
	}
	var reply struct {
		Token struct {
			ExpiresAt string `json:"expires_at"`
			Project   struct {
				ID string `json:"id"`
			} `json:"project"`
		} `json:"token"`
	}
	response, err := c.decode(ctx, shot{
		service: IAM, operation: "KeystoneCreateUserTokenByPassword", method: http.MethodPost, url: target, route: routeOf(path), region: p.region, body: body,
		header:  http.Header{"Content-Type": {"application/json"}},
		secrets: []string{user.password}, repeat: repeatRejected, wait: c.limits.answer,
		credential: credential{origin: envUser + ", " + envPassword + " and " + envDomainName},
	}, &reply)
	if err != nil {
		return credential{}, err
	}
	token := response.Header.Get("X-Subject-Token")
	if token == "" {
		return credential{}, &sdk.Error{
			Code: sdk.CodeUnavailable, Source: sdk.SourceCloud,
			Message: "IAM answered without a token; check that its endpoint is right, or use " + envAK + " and " + envSK,
			Cause:   errors.New("no X-Subject-Token header"),
		}
	}
	return credential{
		token: token, expires: c.expiry(reply.Token.ExpiresAt), project: reply.Token.Project.ID,
		origin: envUser + " and " + envPassword, refreshable: true,
	}, nil
}

// tokenRequest asks for a token of the project, or of the region's own project, which has the region's name.
func tokenRequest(user passwordUser, p place) any {
	type object = map[string]any
	project := object{"name": p.region}
	if p.project != "" {
		project = object{"id": p.project}
	}
	domain := object{"name": user.domainName}
	if user.domainName == "" {
		domain = object{"id": user.domainID}
	}
	return object{"auth": object{
		"identity": object{
			"methods":  []string{"password"},
			"password": object{"user": object{"name": user.name, "password": user.password, "domain": domain}},
		},
		"scope": object{"project": project},
	}}
}

// expiry reads the end of a credential. One whose end cannot be read is kept for an hour.
func (c *Client) expiry(text string) time.Time {
	end, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return c.now().Add(time.Hour)
	}
	return end
}
