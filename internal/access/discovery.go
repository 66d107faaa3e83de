package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const largestAnswer = 1 << 20

// newClient follows no redirect, so that what is fetched comes from the URL that was checked.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: fetchTimeout, MaxResponseHeaderBytes: 64 << 10,
			IdleConnTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
		},
	}
}

// url returns where the keys are: as the file says, or as the issuer's metadata does (RFC 8414, or OpenID Connect
// Discovery), which must be the issuer's own.
func (s *keySet) url(ctx context.Context) (string, error) {
	if s.given != "" {
		return s.given, nil
	}
	var problems error
	for _, place := range metadataURLs(s.issuer) {
		var metadata struct {
			Issuer  string `json:"issuer"`
			JWKSURI string `json:"jwks_uri"`
		}
		err := getJSON(ctx, s.client, place, &metadata)
		switch {
		case err != nil:
		case metadata.Issuer != s.issuer:
			err = fmt.Errorf("%s is the metadata of another issuer; issuer in the access file must be exactly as there", place)
		case metadata.JWKSURI == "":
			err = fmt.Errorf("%s names no jwks_uri", place)
		default:
			if err = s.checkKeysURL(metadata.JWKSURI); err == nil {
				return metadata.JWKSURI, nil
			}
			err = fmt.Errorf("jwks_uri of %s: %w", place, err)
		}
		problems = errors.Join(problems, err)
	}
	return "", problems
}

// checkKeysURL keeps an issuer elsewhere from sending this server to a service of its own machine.
func (s *keySet) checkKeysURL(text string) error {
	if err := checkURL(text); err != nil {
		return err
	}
	keys, err := url.Parse(text)
	if err != nil {
		return err
	}
	issuer, err := url.Parse(s.issuer)
	if err != nil {
		return err
	}
	if LoopbackHost(keys.Hostname()) && !LoopbackHost(issuer.Hostname()) {
		return errors.New("it is on this machine, and the issuer is not; jwks_url in the access file can say so")
	}
	return nil
}

// metadataURLs are the places for an issuer's metadata, in the order in which MCP's authorization asks for them.
func metadataURLs(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil // it was checked when the file was read
	}
	base, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	places := []string{
		base + "/.well-known/oauth-authorization-server" + path,
		base + "/.well-known/openid-configuration" + path,
	}
	if path != "" {
		places = append(places, base+path+"/.well-known/openid-configuration")
	}
	return places
}

// getJSON fetches a small document.
func getJSON(ctx context.Context, client *http.Client, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // all of it was read that was wanted
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer+1))
	switch {
	case err != nil:
		return err
	case len(text) > largestAnswer:
		return fmt.Errorf("%s answered more than %d bytes", url, largestAnswer)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s answered no JSON of the expected form", url)
	}
	return nil
}

// LoopbackHost reports whether a host, without a port, names the machine itself.
func LoopbackHost(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}
