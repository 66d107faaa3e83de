package huaweicloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"mcp-server/sdk"
)

// seen is what a request showed of its credential.
func seen(r *http.Request) string {
	switch {
	case r.Header.Get("X-Auth-Token") != "":
		return "token " + r.Header.Get("X-Auth-Token")
	case r.Header.Get("Authorization") != "":
		ak, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "SDK-HMAC-SHA256 Access="), ",")
		return "key " + ak
	}
	return "nothing"
}

func TestCredentialOrder(t *testing.T) {
	t.Parallel()
	const profile = "[basic]\nak = PROFILEKEY\nsk = secretOfTheProfile\n"
	all := []struct {
		want string
		set  []string
	}{
		{"token " + testToken, []string{envToken, " " + testToken + "\n"}},
		{"key " + testAK, []string{envAK, testAK, envSK, testSK}},
		{"token by-password", []string{envUser, "me", envPassword, testPassword, envDomainName, "us"}},
		{"key PROFILEKEY", []string{"HOME", "/home/me", "USERPROFILE", "/home/me"}},
		{"key AGENCYKEY", nil}, // the metadata service, which is always there in this test
	}
	var got string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v3/auth/tokens":
			w.Header().Set("X-Subject-Token", "by-password")
			w.WriteHeader(http.StatusCreated)
			write(w, `{"token":{"expires_at":"2126-01-01T00:00:00.000000Z"}}`)
		case "/meta-data/latest/api/token":
			write(w, "session")
		case "/openstack/latest/securitykey":
			write(w, `{"credential":{"access":"AGENCYKEY","secret":"x","securitytoken":"y","expires_at":"2126-01-01T00:00:00.000000Z"}}`)
		default:
			got = seen(r)
			write(w, "{}")
		}
	})
	for first := range all {
		e := withKey(DRS, server).without(envAK, envSK).with(envMetadata, server.URL)
		for _, way := range all[first:] {
			e.with(way.set...)
		}
		c, _ := client(t, DRS, e)
		c.readFile = func(name string) ([]byte, error) {
			if !strings.HasSuffix(strings.ReplaceAll(name, `\`, "/"), "/home/me/.huaweicloud/credentials") {
				return nil, errors.New("another file: " + name)
			}
			return []byte(profile), nil
		}
		if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil {
			t.Fatal(err)
		}
		if got != all[first].want {
			t.Errorf("way %d: sent %s, want %s", first, got, all[first].want)
		}
	}
}

func TestNoOrHalfCredentials(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for name, test := range map[string]struct {
		set   []string
		parts []string
	}{
		"none":              {nil, []string{"no Huawei Cloud credentials", envAK, envSK, envToken, envUser, "~/.huaweicloud/credentials"}},
		"no sk":             {[]string{envAK, testAK}, []string{envAK + " is set, but " + envSK + " is not"}},
		"no ak":             {[]string{envSK, testSK}, []string{envSK + " is set, but " + envAK + " is not"}},
		"blank sk":          {[]string{envAK, testAK, envSK, " "}, []string{envSK + " is not"}},
		"ak with a break":   {[]string{envAK, "a\nb", envSK, testSK}, []string{envAK, "copy it again"}},
		"token with spaces": {[]string{envToken, testToken + " x"}, []string{envToken, "copy it again"}},
		"user alone":        {[]string{envUser, "me"}, []string{"not set: " + envPassword + ", " + envDomainName}},
		"no domain":         {[]string{envUser, "me", envPassword, testPassword}, []string{"not set: " + envDomainName}},
		"password alone":    {[]string{envPassword, testPassword}, []string{"not set: " + envUser + ", " + envDomainName}},
		"security token":    {[]string{envAK, testAK, envSK, testSK, envSecurityToken, "é"}, []string{envSecurityToken}},
		"no such profile":   {[]string{envProfile, "/no/such/file"}, []string{envProfile, "no such file"}},
		"bad metadata":      {[]string{envMetadata, "169.254.169.254"}, []string{envMetadata, `"off"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(t, DRS, withKey(DRS, server).without(envAK, envSK).with(test.set...))
			_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
			e := problemOf(t, err)
			mention(t, e, test.parts...)
			if e.Source != sdk.SourceHost || e.Code != sdk.CodeUnauthenticated && name != "bad metadata" {
				t.Errorf("got %s, %s", e.Code, e.Source)
			}
		})
	}
}

// TestEveryVariableIsDeclared records which variables are asked for: a plugin gets only those it declares.
func TestEveryVariableIsDeclared(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, "{}") })
	for _, service := range []Service{HTAP, DRS, RFS, ROMA} {
		declared := map[string]bool{}
		for _, v := range Permissions(service).Environment {
			if v.Description == "" {
				t.Errorf("%s has no description", v.Name)
			}
			declared[v.Name] = true
		}
		for _, e := range []environment{
			withKey(service, server), withKey(service, server).without(envAK, envSK), withKey(service, server).without(envProject),
			withKey(service, server).without(envEndpoint + string(IAM)).without(envProject),
		} {
			c := NewClient(service, func(name string) string {
				if name != doorVariable && !declared[name] {
					t.Errorf("%s: %s is read, but not declared", service, name)
				}
				return e[name]
			})
			_, _ = c.JSON(t.Context(), Target{}, Request{Operation: "X", Path: []string{"x"}}, nil)
			at, err := c.place(Target{})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.lookUpProject(t.Context(), at, credential{})
		}
	}
}

func TestPermissionsMakeAValidPlugin(t *testing.T) {
	t.Parallel()
	p := Permissions(DRS)
	secrets := map[string]bool{}
	for _, v := range p.Environment {
		secrets[v.Name] = v.Secret
	}
	for _, name := range []string{envAK, envSK, envSecurityToken, envToken, envPassword} {
		if !secrets[name] {
			t.Errorf("%s is not marked as a secret", name)
		}
	}
	plugin := sdk.Plugin{Name: "x", Version: "1", Tools: []sdk.Tool{downloadTool(nil, Request{}, Download{})}, Permissions: p}
	if err := plugin.Validate(); err != nil {
		t.Error(err)
	}
}
