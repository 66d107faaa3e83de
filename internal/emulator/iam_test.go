package emulator_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

// tokenBody is the documented request for a token by password.
func tokenBody(c *client, password, scope string) string {
	keys := c.Credentials()
	return fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%q,"password":%q,`+
		`"domain":{"name":%q}}}},"scope":%s}}`, keys.UserName, password, keys.DomainName, scope)
}

type tokenAnswer struct {
	Token struct {
		ExpiresAt string `json:"expires_at"`
		Project   struct{ ID, Name string }
		Catalog   []any
	}
}

func TestIssuedTokenOpensUntilItExpires(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{TokenTTL: 2 * time.Hour})
	c.clock.Advance(30 * time.Minute)
	r := c.request("POST", "IAM", "/v3/auth/tokens?nocatalog=true",
		tokenBody(c, c.Credentials().Password, `{"project":{"name":"cn-north-4"}}`))
	got := c.do(r).want(t, http.StatusCreated, "")
	token := got.header.Get("X-Subject-Token")
	body := into[tokenAnswer](t, got)
	expires, err := time.Parse(time.RFC3339, body.Token.ExpiresAt)
	if err != nil || !expires.Equal(c.clock.Now().Add(2*time.Hour)) || body.Token.Project.ID != emulator.ProjectID || body.Token.Catalog != nil {
		t.Errorf("body %s, %v", got.body, err)
	}
	list := func() answer {
		r := c.request("GET", "DRS", anyList, "")
		r.Header.Set("X-Auth-Token", token)
		return c.do(r)
	}
	list().want(t, 200, "count")
	c.clock.Advance(2*time.Hour - time.Second)
	list().want(t, 200, "count")
	c.clock.Advance(time.Second)
	list().want(t, 401, "token expires, expires_at")
}

func TestTokenScopes(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	password := c.Credentials().Password
	for name, test := range map[string]struct {
		scope         string
		status, usage int
	}{
		"project by id":   {`{"project":{"id":"` + emulator.ProjectID + `"}}`, 201, 200},
		"other project":   {`{"project":{"name":"cn-east-3"}}`, 201, 403},
		"domain":          {`{"domain":{"name":"emulator-domain"}}`, 201, 403},
		"unknown project": {`{"project":{"name":"mars-1"}}`, 401, 0},
	} {
		got := c.do(c.request("POST", "IAM", "/v3/auth/tokens", tokenBody(c, password, test.scope)))
		if got.status != test.status {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if test.usage == 0 {
			continue
		}
		if into[tokenAnswer](t, got).Token.Catalog == nil {
			t.Errorf("%s: no catalog", name)
		}
		r := c.request("GET", "DRS", anyList, "")
		r.Header.Set("X-Auth-Token", got.header.Get("X-Subject-Token"))
		if used := c.do(r); used.status != test.usage {
			t.Errorf("%s: the token brings %d, want %d", name, used.status, test.usage)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	post := func(body string) answer { return c.do(c.request("POST", "IAM", "/v3/auth/tokens", body)) }
	post(tokenBody(c, "wrong", `{"project":{"name":"cn-north-4"}}`)).want(t, 401,
		`{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}`)
	post("{").want(t, 400, `"title":"Bad Request"`)
	post(`{"auth":{"identity":{"methods":["totp"]}}}`).want(t, 400, "method")
}

func TestProjects(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	type list struct{ Projects []struct{ ID, Name string } }
	for path, want := range map[string]int{"/v3/projects?name=cn-north-4": 1, "/v3/projects?name=mars-1": 0,
		"/v3/projects": 2, "/v3/auth/projects": 2} {
		got := into[list](t, c.get("IAM", path))
		if len(got.Projects) != want {
			t.Errorf("%s: %+v", path, got)
		}
		if want == 1 && got.Projects[0].ID != emulator.ProjectID {
			t.Errorf("%s: %+v", path, got)
		}
	}
	c.get("IAM", "/v3/auth/domains").want(t, 200, "emulator-domain")
	c.do(c.request("GET", "IAM", "/v3/projects", "")).want(t, 401, "APIGW.0301")
}
