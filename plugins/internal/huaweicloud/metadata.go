package huaweicloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"mcp-server/sdk"
)

const metadataEndpoint = "http://169.254.169.254"

// agency asks the metadata service of the ECS it runs on for the temporary key of the server's agency
// (https://support.huaweicloud.com/intl/en-us/usermanual-ecs/ecs_03_0166.html). Off an ECS nothing answers, which takes
// limits.agency at most.
func (c *Client) agency(ctx context.Context, _ place) (credential, error) {
	base := firstOf(c.setting(envMetadata), metadataEndpoint)
	if base == "off" {
		return credential{}, errNotSet
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return credential{}, badSetting(`%s is neither a URL like %s nor "off"`, envMetadata, metadataEndpoint)
	}
	if held := c.cache.agencyKey(); held.valid(c.now()) {
		return held, nil
	}
	if err := c.cache.credentialTurn.enter(ctx); err != nil {
		return credential{}, err
	}
	defer c.cache.credentialTurn.leave()
	if held := c.cache.agencyKey(); held.valid(c.now()) {
		return held, nil
	}
	bounded, cancel := context.WithTimeout(ctx, c.limits.agency)
	defer cancel()
	fresh, err := c.requestAgencyKey(bounded, u)
	if err != nil {
		if ctx.Err() != nil {
			return credential{}, ctx.Err()
		}
		return credential{}, err
	}
	c.cache.put(func() { c.cache.agency = fresh })
	return fresh, nil
}

func (c *Client) requestAgencyKey(ctx context.Context, base *url.URL) (credential, error) {
	// Never through a proxy, where the address means another machine. That of the host knows: it connects by itself.
	egress, err := sdk.NewEgress(c.env)
	if err != nil {
		return credential{}, badSetting("%v", err)
	}
	transport := &http.Transport{DisableKeepAlives: true, OnProxyConnectResponse: egress.Connected}
	if egress.Present() {
		transport.Proxy = egress.Proxy
	}
	defer transport.CloseIdleConnections()
	status, session, err := c.exchange(ctx, transport, http.MethodPut, base, "/meta-data/latest/api/token",
		http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}})
	if err != nil {
		return credential{}, errNotSet // nobody there: not an ECS
	}
	header := http.Header{}
	if status == http.StatusOK {
		header.Set("X-Metadata-Token", session) // other statuses: an older service that needs no session
	}
	status, body, err := c.exchange(ctx, transport, http.MethodGet, base, "/openstack/latest/securitykey", header)
	switch {
	case err != nil:
		return credential{}, errNotSet
	case status == http.StatusNotFound, status == http.StatusUnauthorized && strings.Contains(body, "configure Cloud Service Agency"):
		return credential{}, errNotSet // an ECS without an agency
	case status != http.StatusOK:
		return credential{}, unauthenticated("there are no credentials in the settings, and the metadata service of this machine answered HTTP %d: on an ECS give it an agency; anywhere else set %s and %s", status, envAK, envSK)
	}
	var reply struct {
		Credential struct {
			Access        string `json:"access"`
			Secret        string `json:"secret"`
			SecurityToken string `json:"securitytoken"`
			ExpiresAt     string `json:"expires_at"`
		} `json:"credential"`
	}
	if err := json.Unmarshal([]byte(body), &reply); err != nil || reply.Credential.Access == "" || reply.Credential.Secret == "" {
		return credential{}, errNotSet // something else lives at this address
	}
	key := reply.Credential
	return credential{
		ak: key.Access, sk: key.Secret, securityToken: key.SecurityToken, expires: c.expiry(key.ExpiresAt),
		origin: "the agency of this ECS", refreshable: true,
	}, nil
}

// exchange is one small request to the metadata service.
func (c *Client) exchange(
	ctx context.Context, transport http.RoundTripper, method string, base *url.URL, path string, header http.Header,
) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, base.JoinPath(path).String(), http.NoBody)
	if err != nil {
		return 0, "", fmt.Errorf("asking the metadata service: %w", err)
	}
	r.Header = header
	record := c.record(ctx, shot{method: method, url: base, route: path}, 1)
	response, err := c.roundTrip(transport, r)
	if err != nil {
		record.end(err)
		return 0, "", fmt.Errorf("asking the metadata service: %w", err)
	}
	record.replied(response)
	text, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	record.end(err)
	return response.StatusCode, string(text), errors.Join(err, response.Body.Close())
}
