package emulator

import (
	"net/http"
	"regexp"
)

// rfs is the template part of Resource Formation Service
// (https://support.huaweicloud.com/intl/en-us/api-aos/ListTemplates.html and its neighbours).
type rfs struct {
	emulator  *Emulator
	objects   *objects
	templates []rfsTemplate
	nameRule  *regexp.Regexp
	versions  *regexp.Regexp
}

func newRFS(e *Emulator, store *objects) (*rfs, error) {
	templates, err := rfsTemplates()
	if err != nil {
		return nil, err
	}
	for _, t := range templates {
		for _, v := range t.versions {
			e.contents.put("rfs/"+t.name+"/"+v.id, plain(v.body))
			store.put(v.key(t), v.body)
		}
	}
	return &rfs{emulator: e, objects: store, templates: templates,
		nameRule: regexp.MustCompile(`^[\p{Han}A-Za-z][\p{Han}A-Za-z0-9_-]{0,127}$`),
		versions: regexp.MustCompile(`^V[0-9]{1,10}$`)}, nil
}

func (r *rfs) routes() []route {
	const template = "/v1/{project_id}/templates/{template_name}"
	return []route{
		{method: http.MethodGet, path: "/v1/{project_id}/templates", handle: identified(r.list)},
		{method: http.MethodGet, path: template + "/metadata", handle: identified(r.metadata)},
		{method: http.MethodGet, path: template + "/versions", handle: identified(r.listVersions)},
		{method: http.MethodGet, path: template + "/versions/{version_id}", handle: identified(r.content)},
		{method: http.MethodGet, path: template + "/versions/{version_id}/metadata", handle: identified(r.versionMetadata)},
	}
}

// identified demands the one Client-Request-Id of 36 to 128 characters.
func identified(next handler) handler {
	return func(c *call) (reply, error) {
		ids := c.Header.Values("Client-Request-Id")
		switch {
		case len(ids) != 1 || ids[0] == "":
			return reply{}, fail(http.StatusBadRequest, "RF.10011001", "Missing required parameter(s). Client-Request-Id")
		case len(ids[0]) < 36:
			return reply{}, fail(http.StatusBadRequest, "RF.10011006",
				"The length of parameter is shorter than lower limit. Client-Request-Id")
		case len(ids[0]) > 128:
			return reply{}, fail(http.StatusBadRequest, "RF.10011005",
				"The length of parameter is longer than upper limit. Client-Request-Id")
		}
		return next(c)
	}
}

func errRFSParameter(name string) *failure {
	return fail(http.StatusBadRequest, "RF.10011002", "Unrecognized parameter(s). %s", name)
}

// find returns the template of the path, and checks template_id when the query has one.
func (r *rfs) find(c *call) (rfsTemplate, error) {
	name := c.vars["template_name"]
	if !r.nameRule.MatchString(name) {
		return rfsTemplate{}, fail(http.StatusBadRequest, "RF.10011008", "Parameter contains invalid letter. template_name")
	}
	for _, t := range r.templates {
		if t.name != name {
			continue
		}
		if id := c.URL.Query().Get("template_id"); id != "" && id != t.id {
			return rfsTemplate{}, fail(http.StatusBadRequest, "RF.400EMU", "The template_id does not match the template_name.")
		}
		return t, nil
	}
	return rfsTemplate{}, fail(http.StatusNotFound, "RF.404EMU", "The template does not exist.")
}

func (r *rfs) findVersion(c *call) (rfsTemplate, rfsVersion, error) {
	t, err := r.find(c)
	if err != nil {
		return t, rfsVersion{}, err
	}
	id := c.vars["version_id"]
	if !r.versions.MatchString(id) {
		return t, rfsVersion{}, errRFSParameter("version_id")
	}
	for _, v := range t.versions {
		if v.id == id {
			return t, v, nil
		}
	}
	return t, rfsVersion{}, fail(http.StatusNotFound, "RF.404EMU", "The template version does not exist.")
}

// list returns the templates, the newest first, a page at a time.
func (r *rfs) list(c *call) (reply, error) {
	page, info, bad := marked(r.templates, c.URL.Query(), "templates", r.emulator.config.PageSize)
	if bad != "" {
		return reply{}, errRFSParameter(bad)
	}
	list := []map[string]string{}
	for _, t := range page {
		latest := t.versions[0]
		list = append(list, map[string]string{"template_id": t.id, "template_name": t.name,
			"template_description": t.description, "create_time": t.created(), "update_time": t.updated(),
			"latest_version_id": latest.id, "latest_version_description": latest.description})
	}
	return jsonReply(http.StatusOK, map[string]any{"templates": list, "page_info": info})
}

func (r *rfs) metadata(c *call) (reply, error) {
	t, err := r.find(c)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(http.StatusOK, map[string]string{"template_id": t.id, "template_name": t.name,
		"template_description": t.description, "create_time": t.created(), "update_time": t.updated()})
}

// listVersions returns the versions, the newest first, a page at a time.
func (r *rfs) listVersions(c *call) (reply, error) {
	t, err := r.find(c)
	if err != nil {
		return reply{}, err
	}
	page, info, bad := marked(t.versions, c.URL.Query(), t.id, r.emulator.config.PageSize)
	if bad != "" {
		return reply{}, errRFSParameter(bad)
	}
	list := []map[string]string{}
	for _, v := range page {
		list = append(list, map[string]string{"template_id": t.id, "template_name": t.name,
			"version_description": v.description, "create_time": v.createdAt(), "version_id": v.id})
	}
	return jsonReply(http.StatusOK, map[string]any{"versions": list, "page_info": info})
}

func (r *rfs) versionMetadata(c *call) (reply, error) {
	t, v, err := r.findVersion(c)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(http.StatusOK, map[string]string{"template_id": t.id, "template_name": t.name,
		"version_description": v.description, "create_time": v.createdAt()})
}

// content redirects to a pre-signed link; the body is empty.
func (r *rfs) content(c *call) (reply, error) {
	t, v, err := r.findVersion(c)
	if err != nil {
		return reply{}, err
	}
	header := http.Header{"Location": {r.objects.link(v.key(t), c.now.Add(r.emulator.config.LinkTTL))}}
	return reply{status: http.StatusTemporaryRedirect, header: header}, nil
}
