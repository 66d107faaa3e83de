package huaweicloud

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"mcp-server/sdk"
)

// endpoint is where a service answers.
type endpoint struct {
	url      *url.URL
	override bool // set by the user, so it may be a private cloud
}

// loopback reports whether the endpoint is an override on this machine: a test, a demonstration.
func (e endpoint) loopback() bool { return e.override && isLoopback(e.url.Hostname()) }

// private reports whether the endpoint is outside the public cloud, whose IAM then must not be asked.
func (e endpoint) private() bool {
	host := e.url.Hostname()
	return e.override && !strings.HasSuffix(host, ".myhuaweicloud.com") && !strings.HasSuffix(host, ".myhuaweicloud.eu")
}

// place is a resolved [Target].
type place struct {
	region   string // empty when nothing but the endpoint's override is known
	project  string // from the argument or the environment; empty when it must be found
	endpoint endpoint
}

var (
	regionPattern  = regexp.MustCompile(`^[a-z][a-z0-9-]{1,63}$`)
	projectPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// place resolves region, project and endpoint without any I/O but the official SDK's own files.
func (c *Client) place(t Target) (place, error) {
	p := place{region: firstOf(t.Region, c.setting(envRegion)), project: firstOf(t.ProjectID, c.setting(envProject))}
	if p.region != "" && !regionPattern.MatchString(p.region) {
		return place{}, named(t.Region, "region", envRegion,
			"%s is not a region id; it looks like cn-north-4", quote(p.region))
	}
	if p.project != "" && !projectPattern.MatchString(p.project) {
		return place{}, named(t.ProjectID, "project_id", envProject,
			"%s is not a project id; it is the 32 letters and digits shown under My Credentials in the console", quote(p.project))
	}
	var err error
	p.endpoint, err = c.endpointOf(c.service, p.region)
	return p, err
}

// endpointOf finds the endpoint of a service: the override, or what the official SDK knows for the region.
func (c *Client) endpointOf(service Service, region string) (endpoint, error) {
	if value := c.setting(envEndpoint + string(service)); value != "" {
		return parseEndpoint(envEndpoint+string(service), value, true)
	}
	if region == "" {
		return endpoint{}, regionMissing()
	}
	value, err := c.lookUpRegion(service, region)
	if err != nil {
		return endpoint{}, err
	}
	return parseEndpoint("the endpoint of "+string(service)+" in "+region, value, false)
}

func regionMissing() *sdk.Error {
	return &sdk.Error{
		Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument,
		Message: `no region: give argument "region" (such as cn-north-4), or set ` + envRegion + " for the server",
	}
}

// parseEndpoint checks an endpoint that somebody wrote. The text is not repeated in errors: it may hold a password.
func parseEndpoint(name, value string, override bool) (endpoint, error) {
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || !isASCII(u.Host) {
		return endpoint{}, badSetting("%s is not a URL; it looks like https://drs.cn-north-4.myhuaweicloud.com", name)
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return endpoint{}, badSetting("%s must be a scheme, a host and at most a port, such as https://%s", name, u.Host)
	}
	if local := u.Scheme == "http" && isLoopback(u.Hostname()); u.Scheme != "https" && !local {
		return endpoint{}, badSetting("%s must begin with https:// (http:// is for this machine only), not %s://%s", name, clip(u.Scheme, 10), u.Host)
	}
	return endpoint{url: &url.URL{Scheme: u.Scheme, Host: strings.TrimSuffix(u.Host, ":")}, override: override}, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r <= ' ' })
}

// setting reads a variable without the white space that copying leaves around a value.
func (c *Client) setting(name string) string { return strings.TrimSpace(c.env(name)) }

// badSetting reports a mistake in the server's settings.
func badSetting(format string, args ...any) *sdk.Error {
	return &sdk.Error{Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Message: fmt.Sprintf(format, args...)}
}

// named reports a problem of the argument, or of the variable that stood in for it.
func named(argumentValue, argument, variable, format string, args ...any) *sdk.Error {
	if argumentValue != "" {
		return sdk.InvalidArgument(argument, format, args...)
	}
	return badSetting(variable+": "+format, args...)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
