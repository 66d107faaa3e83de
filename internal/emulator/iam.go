package emulator

import (
	"encoding/json"
	"net/http"
	"time"
)

// keystoneTime is how IAM writes a time.
const keystoneTime = "2006-01-02T15:04:05.000000Z"

// iam issues tokens and lists projects
// (https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html).
type iam struct{ emulator *Emulator }

func newIAM(e *Emulator) *iam { return &iam{emulator: e} }

func (i *iam) routes() []route {
	return []route{
		{method: http.MethodPost, path: "/v3/auth/tokens", handle: i.createToken, open: true},
		{method: http.MethodGet, path: "/v3/projects", handle: i.listProjects},
		{method: http.MethodGet, path: "/v3/auth/projects", handle: i.listProjects},
		{method: http.MethodGet, path: "/v3/auth/domains", handle: i.listDomains},
	}
}

// tokenRequest is the body of a token request by password.
type tokenRequest struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					Name     string   `json:"name"`
					ID       string   `json:"id"`
					Password string   `json:"password"`
					Domain   namedRef `json:"domain"`
				} `json:"user"`
			} `json:"password"`
		} `json:"identity"`
		Scope struct {
			Project *namedRef `json:"project"`
			Domain  *namedRef `json:"domain"`
		} `json:"scope"`
	} `json:"auth"`
}

type namedRef struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func (i *iam) createToken(c *call) (reply, error) {
	var request tokenRequest
	if err := json.Unmarshal(c.body, &request); err != nil {
		return reply{}, fail(http.StatusBadRequest, "", "The request body is invalid.")
	}
	if methods := request.Auth.Identity.Methods; len(methods) != 1 || methods[0] != "password" {
		return reply{}, fail(http.StatusBadRequest, "", "The authentication method must be password.")
	}
	user, known := request.Auth.Identity.Password.User, i.emulator.credentials
	if (user.Name != known.UserName && user.ID != userID) || user.Password != known.Password ||
		user.Name != "" && user.Domain.Name != known.DomainName && user.Domain.ID != domainID {
		return reply{}, fail(http.StatusUnauthorized, "", "The username or password is wrong.")
	}
	project, ok := findProject(request.Auth.Scope.Project)
	if !ok {
		return reply{}, fail(http.StatusUnauthorized, "", "The project in the scope does not exist or is not yours.")
	}
	value, expires := "EMULATOR-TOKEN-"+newID(), c.now.Add(i.emulator.config.TokenTTL)
	i.emulator.guard.issue(value, token{project: project.ID, expires: expires}, c.now)
	out, err := jsonReply(http.StatusCreated, map[string]any{"token": i.describe(c, project, expires)})
	if err != nil {
		return reply{}, err
	}
	out.header.Set("X-Subject-Token", value)
	return out, nil
}

// findProject resolves a scope; no project at all is the scope of the domain.
func findProject(wanted *namedRef) (namedRef, bool) {
	if wanted == nil {
		return namedRef{}, true
	}
	for _, project := range projects() {
		if wanted.ID == project.ID || wanted.ID == "" && wanted.Name == project.Name {
			return project, true
		}
	}
	return namedRef{}, false
}

func projects() []namedRef {
	return []namedRef{{ID: ProjectID, Name: Region}, {ID: otherProjectID, Name: otherRegion}}
}

func (i *iam) describe(c *call, project namedRef, expires time.Time) map[string]any {
	domain := namedRef{ID: domainID, Name: i.emulator.credentials.DomainName}
	described := map[string]any{
		"expires_at": expires.UTC().Format(keystoneTime),
		"issued_at":  c.now.UTC().Format(keystoneTime),
		"methods":    []string{"password"},
		"roles":      []namedRef{{ID: "0", Name: "te_admin"}},
		"user": map[string]any{"domain": domain, "id": userID, "name": i.emulator.credentials.UserName,
			"password_expires_at": ""},
	}
	if project.ID == "" {
		described["domain"] = domain
	} else {
		described["project"] = map[string]any{"domain": domain, "id": project.ID, "name": project.Name}
	}
	if c.URL.Query().Get("nocatalog") == "" {
		described["catalog"] = i.catalog()
	}
	return described
}

func (i *iam) catalog() []map[string]any {
	var list []map[string]any
	for _, name := range serviceNames() {
		url := i.emulator.Endpoint(name)
		list = append(list, map[string]any{"id": name, "name": name, "type": name, "endpoints": []map[string]any{
			{"id": name, "interface": "public", "region": Region, "region_id": Region, "url": url}}})
	}
	return list
}

// listProjects filters by name, as the lookup of a region's project does.
func (i *iam) listProjects(c *call) (reply, error) {
	list := []map[string]any{}
	for _, project := range projects() {
		if name := c.URL.Query().Get("name"); name != "" && name != project.Name {
			continue
		}
		list = append(list, map[string]any{"id": project.ID, "name": project.Name, "domain_id": domainID,
			"parent_id": domainID, "enabled": true, "is_domain": false, "description": "",
			"links": map[string]any{"self": i.emulator.Endpoint(ServiceIAM) + "/v3/projects/" + project.ID}})
	}
	return jsonReply(http.StatusOK, map[string]any{"projects": list, "links": i.links(c)})
}

func (i *iam) listDomains(c *call) (reply, error) {
	return jsonReply(http.StatusOK, map[string]any{"links": i.links(c), "domains": []map[string]any{{
		"id": domainID, "name": i.emulator.credentials.DomainName, "enabled": true, "description": "",
		"links": map[string]any{"self": i.emulator.Endpoint(ServiceIAM) + "/v3/domains/" + domainID}}}})
}

func (i *iam) links(c *call) map[string]any {
	return map[string]any{"self": i.emulator.Endpoint(ServiceIAM) + c.URL.Path, "next": nil, "previous": nil}
}
