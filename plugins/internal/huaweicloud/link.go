package huaweicloud

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"mcp-server/sdk"
)

// DownloadLink stores what a pre-signed link leads to. The request bears no credential and no header beyond User-Agent, since the link's
// signature covers some headers; redirects are refused. The link must be https, or http on this machine while the service's endpoint is
// there too. When the link has expired, link is asked for another, once in every attempt: a download that goes on where it broke may
// outlast several links.
func (c *Client) DownloadLink(
	ctx context.Context, t Target, link func(context.Context) (*url.URL, error), call *sdk.Call, d Download,
) (DownloadResult, error) {
	var current *url.URL
	attempts := new(int)
	return c.store(ctx, call, d, func(ctx context.Context, rest http.Header) (*http.Response, shot, error) {
		for renewed := false; ; {
			if current == nil {
				var err error
				if current, err = link(ctx); err != nil {
					return nil, shot{}, err
				}
			}
			if err := c.checkLink(current); err != nil {
				return nil, shot{}, err
			}
			if end, known := linkExpiry(current); known && !renewed && !c.now().Before(end) {
				current, renewed = nil, true
				continue
			}
			s := c.linkShot(current, d).with(rest)
			s.region, s.attempts = firstOf(t.Region, c.setting(envRegion)), attempts
			response, err := c.send(ctx, s)
			if err == nil {
				return c.refuseRedirect(s, response)
			}
			if refused, ok := errors.AsType[*sdk.Error](err); !ok || refused.Code != sdk.CodePermissionDenied || renewed {
				return nil, s, err
			}
			current, renewed = nil, true
		}
	})
}

func (c *Client) linkShot(link *url.URL, d Download) shot {
	return shot{
		service: obs, operation: firstOf(d.Operation, "GetObject"), method: http.MethodGet, url: link, route: "/{object}",
		repeat: repeatAlways, wait: c.limits.download, secrets: linkSecrets(link),
		credential: credential{origin: "the link that the cloud gave"},
	}
}

// linkSecrets are the values of the link's query, all of them: which one is the signature depends on the form.
func linkSecrets(link *url.URL) []string {
	var secrets []string
	for _, values := range link.Query() {
		for _, value := range values {
			if len(value) >= 16 {
				secrets = append(secrets, value, url.QueryEscape(value))
			}
		}
	}
	return secrets
}

func (c *Client) refuseRedirect(s shot, response *http.Response) (*http.Response, shot, error) {
	if response.StatusCode < 300 || response.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return response, s, nil
	}
	_ = response.Body.Close()
	return nil, s, c.reply(s, response, nil).unexpected("a redirect")
}

// checkLink refuses a link that would leave the cloud, or show its signature to the network.
func (c *Client) checkLink(link *url.URL) error {
	refuse := func(reason string) error {
		return &sdk.Error{
			Code: sdk.CodeFailedPrecondition, Source: sdk.SourceCloud,
			Message: "the link that the cloud gave for the content is refused: " + reason + ". Check the endpoint settings.",
		}
	}
	host := link.Hostname()
	at, _ := c.endpointOf(c.service, "") // without a region only an override is found, and only that matters here
	local := at.url != nil && at.loopback()
	ip := net.ParseIP(host)
	switch {
	case host == "" || link.User != nil:
		return refuse("it is not a plain URL")
	case local && isLoopback(host) && (link.Scheme == "http" || link.Scheme == "https"):
		return nil
	case link.Scheme != "https":
		return refuse("it is not https")
	case isLoopback(host), ip != nil && (ip.IsLinkLocalUnicast() || ip.IsUnspecified()):
		return refuse("it leads to this machine")
	}
	return nil
}

// linkExpiry reads when a pre-signed link ends, in the forms of OBS (https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0011.html).
func linkExpiry(link *url.URL) (time.Time, bool) {
	query := link.Query()
	if seconds, err := strconv.ParseInt(query.Get("Expires"), 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	for _, prefix := range []string{"X-Amz-", "X-Obs-"} {
		start, errStart := time.Parse(signatureDate, query.Get(prefix+"Date"))
		seconds, errSeconds := strconv.Atoi(query.Get(prefix + "Expires"))
		if errStart == nil && errSeconds == nil {
			return start.Add(time.Duration(seconds) * time.Second), true
		}
	}
	return time.Time{}, false
}
