package huaweicloud

import (
	"context"
	"errors"
	"strings"
	"time"

	"mcp-server/sdk"
)

// credential is one way to prove who asks: a token, or an access key.
type credential struct {
	token         string
	ak, sk        string
	securityToken string
	project       string    // the project that comes with it, if any
	iamEndpoint   string    // the profile's, if any
	expires       time.Time // zero when it is not known
	origin        string    // which settings it comes from, for messages
	refreshable   bool      // a new one can be had after a refusal
}

func (c credential) secrets() []string { return []string{c.token, c.ak, c.sk, c.securityToken} }

// valid reports whether the credential will last for the length of a call.
func (c credential) valid(now time.Time) bool {
	return c.origin != "" && (c.expires.IsZero() || now.Add(5*time.Minute).Before(c.expires))
}

// credential finds the credential for a place. Tokens are for one project, so the place counts.
func (c *Client) credential(ctx context.Context, p place) (credential, error) {
	for _, way := range []func(context.Context, place) (credential, error){
		c.readyToken, c.accessKey, c.passwordToken, c.profile, c.agency,
	} {
		found, err := way(ctx, p)
		if !errors.Is(err, errNotSet) {
			return found, err
		}
	}
	return credential{}, &sdk.Error{
		Code: sdk.CodeUnauthenticated, Source: sdk.SourceHost,
		Message: "no Huawei Cloud credentials; set one of these for the server: " + envAK + " and " + envSK + "; " + envToken + "; " +
			envUser + ", " + envPassword + " and " + envDomainName + "; or ak and sk under [basic] in ~/.huaweicloud/credentials" +
			"; or an agency on an ECS",
	}
}

// errNotSet says that a way to credentials is not set up at all.
var errNotSet = errors.New("not set")

func (c *Client) readyToken(context.Context, place) (credential, error) {
	token, err := c.secret(envToken)
	if err != nil {
		return credential{}, err
	}
	return credential{token: token, origin: envToken}, nil
}

func (c *Client) accessKey(context.Context, place) (credential, error) {
	ak, errAK := c.secret(envAK)
	sk, errSK := c.secret(envSK)
	switch {
	case errors.Is(errAK, errNotSet) && errors.Is(errSK, errNotSet):
		return credential{}, errNotSet
	case errAK != nil || errSK != nil:
		return credential{}, half(envAK, errAK, envSK, errSK)
	}
	token, err := c.secret(envSecurityToken)
	if err != nil && !errors.Is(err, errNotSet) {
		return credential{}, err
	}
	return credential{ak: ak, sk: sk, securityToken: token, origin: envAK + " and " + envSK}, nil
}

// half reports a pair of settings of which one is missing or wrong.
func half(a string, errA error, b string, errB error) error {
	switch {
	case errors.Is(errA, errNotSet):
		return unauthenticated("%s is set, but %s is not; set both, or neither", b, a)
	case errors.Is(errB, errNotSet):
		return unauthenticated("%s is set, but %s is not; set both, or neither", a, b)
	case errA != nil:
		return errA
	}
	return errB
}

// secret reads a variable that goes into a header. Its value must not be repeated in an error.
func (c *Client) secret(name string) (string, error) {
	value := c.setting(name)
	if value == "" {
		return "", errNotSet
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", unauthenticated("%s holds a space, a line break or another character that cannot be part of it; copy it again", name)
	}
	return value, nil
}

func unauthenticated(format string, args ...any) *sdk.Error {
	e := badSetting(format, args...)
	e.Code = sdk.CodeUnauthenticated
	return e
}
