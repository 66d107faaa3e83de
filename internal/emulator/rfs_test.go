package emulator_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
)

const templates = "/v1/{p}/templates"

type rfsPage struct {
	Templates []struct {
		ID     string `json:"template_id"`
		Name   string `json:"template_name"`
		Latest string `json:"latest_version_id"`
		Since  string `json:"create_time"`
	}
	Versions []struct {
		ID string `json:"version_id"`
	}
	PageInfo struct {
		Next  *string `json:"next_marker"`
		Count int     `json:"current_count"`
	} `json:"page_info"`
}

// pages follows the markers to the end.
func (c *client) pages(path, query string) []rfsPage {
	c.Helper()
	var list []rfsPage
	for marker := ""; len(list) < 20; {
		page := into[rfsPage](c, c.get("RFS", path+"?"+query+marker))
		list = append(list, page)
		if page.PageInfo.Next == nil {
			return list
		}
		marker = "&marker=" + url.QueryEscape(*page.PageInfo.Next)
	}
	c.Fatal("the pages do not end")
	return nil
}

func TestRFSTemplates(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	pages := c.pages(templates, "")
	var names, since []string
	for _, page := range pages {
		if page.PageInfo.Count != len(page.Templates) {
			t.Errorf("current_count %d of %d", page.PageInfo.Count, len(page.Templates))
		}
		for _, template := range page.Templates {
			names, since = append(names, template.Name+" "+template.Latest), append(since, template.Since)
		}
	}
	want := []string{"landing-zone V2", "json_syntax V1", "网络模板 V2", "my_second_template V10", "my_first_template V3"}
	if diff := cmp.Diff(want, names); diff != "" || len(pages) != 3 {
		t.Errorf("%d pages (-want +got):\n%s", len(pages), diff)
	}
	for n := 1; n < len(since); n++ {
		if since[n] >= since[n-1] {
			t.Errorf("not the newest first: %q", since)
		}
	}
	if pages := c.pages(templates, "limit=100"); len(pages) != 1 || len(pages[0].Templates) != 5 {
		t.Errorf("limit=100: %+v", pages)
	}
}

func TestRFSVersions(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{PageSize: 4})
	var ids []string
	for _, page := range c.pages(templates+"/my_second_template/versions", "") {
		for _, version := range page.Versions {
			ids = append(ids, version.ID)
		}
	}
	if got := strings.Join(ids, " "); got != "V10 V9 V8 V7 V6 V5 V4 V3 V2 V1" {
		t.Errorf("versions %s", got)
	}
}

func TestRFSMarkers(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	next := *into[rfsPage](t, c.get("RFS", templates+"?limit=1")).PageInfo.Next
	marker := "marker=" + url.QueryEscape(next)
	c.get("RFS", templates+"?limit=1&"+marker).want(t, 200, "json_syntax")
	c.get("RFS", templates+"?limit=3&"+marker).want(t, 400, "marker")
	c.get("RFS", templates+"/my_first_template/versions?limit=1&"+marker).want(t, 400, "marker")
	c.get("RFS", templates+"?marker=junk").want(t, 400, "marker")
	c.get("RFS", templates+"?limit=0").want(t, 400, "limit")
}

func TestRFSMetadata(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	name := url.PathEscape(emulator.RFSChineseTemplateName)
	c.get("RFS", templates+"/"+name+"/metadata").want(t, 200, `"template_name":"网络模板"`)
	c.get("RFS", templates+"/"+name+"/versions/V1/metadata").want(t, 200, `"version_description":"version 1 of 网络模板"`)
	right := "?template_id=" + emulator.RFSTemplateID
	for _, tail := range []string{"/metadata", "/versions", "/versions/V1", "/versions/V1/metadata"} {
		if got := c.get("RFS", templates+"/my_first_template"+tail+right); got.status >= 400 {
			t.Errorf("%s: %d %s", tail, got.status, got.body)
		}
		c.get("RFS", templates+"/my_second_template"+tail+right).want(t, 400, "template_id")
		c.get("RFS", templates+"/nosuch"+tail).want(t, 404, "error_code")
		c.get("RFS", templates+"/1nvalid"+tail).want(t, 400, "RF.10011008")
	}
	c.get("RFS", templates+"/my_first_template/versions/V4").want(t, 404, "version")
	c.get("RFS", templates+"/my_first_template/versions/4").want(t, 400, "version_id")
}

func TestRFSClientRequestID(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for _, test := range []struct {
		ids  []string
		want string
	}{
		{nil, "RF.10011001"},
		{[]string{strings.Repeat("a", 36), strings.Repeat("b", 36)}, "RF.10011001"},
		{[]string{strings.Repeat("a", 35)}, "RF.10011006"},
		{[]string{strings.Repeat("a", 129)}, "RF.10011005"},
	} {
		r := c.request("GET", "RFS", templates, "")
		r.Header.Del("Client-Request-Id")
		r.Header.Set("X-Auth-Token", c.Credentials().Token)
		for _, id := range test.ids {
			r.Header.Add("Client-Request-Id", id)
		}
		c.do(r).want(t, 400, test.want)
	}
}

// link asks RFS for the link to a version.
func (c *client) link(name, version string) string {
	c.Helper()
	got := c.get("RFS", templates+"/"+url.PathEscape(name)+"/versions/"+version).want(c, 307, "")
	if len(got.body) != 0 {
		c.Errorf("the redirect has a body: %s", got.body)
	}
	return got.header.Get("Location")
}

// fetch gets a link with nothing but the headers given.
func (c *client) fetch(method, link string, headers ...string) answer {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), method, link, nil)
	if err != nil {
		c.Fatal(err)
	}
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	return c.do(r)
}

func TestRFSContent(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for name, versions := range map[string][]string{emulator.RFSTemplateName: {"V1", "V2", "V3"},
		emulator.RFSChineseTemplateName: {"V2"}, emulator.RFSJSONTemplateName: {"V1"}, emulator.RFSZipTemplateName: {"V1", "V2"}} {
		for _, version := range versions {
			got := c.fetch("GET", c.link(name, version)).want(t, 200, "")
			c.sameAs(got, "rfs/"+name+"/"+version)
			if got.header.Get("Content-Type") != "binary/octet-stream" || got.header.Get("Etag") == "" {
				t.Errorf("header %v", got.header)
			}
		}
	}
	body, _ := c.Content("rfs/landing-zone/V2")
	if archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body))); err != nil || len(archive.File) != 3 {
		t.Errorf("not a zip of three: %v", err)
	}
}

func TestLinkExpires(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{LinkTTL: time.Minute})
	link := c.link(emulator.RFSTemplateName, "V1")
	c.clock.Advance(time.Minute)
	c.fetch("GET", link).want(t, 200, "vpc")
	c.clock.Advance(time.Second)
	got := c.fetch("GET", link).want(t, 403, "<Code>AccessDenied</Code><Message>Request has expired</Message>")
	if got.header.Get("Content-Type") != "application/xml" {
		t.Errorf("header %v", got.header)
	}
	c.fetch("GET", c.link(emulator.RFSTemplateName, "V1")).want(t, 200, "vpc")
}

func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	link := c.link(emulator.RFSTemplateName, "V1")
	for _, header := range []string{"Authorization", "Content-Type", "Content-Md5", "X-Obs-Acl", "X-Amz-Date", "X-Auth-Token",
		"X-Security-Token", "X-Sdk-Date", "X-Project-Id", "Client-Request-Id"} {
		c.fetch("GET", link, header, "x").want(t, 403, "<Code>SignatureDoesNotMatch</Code>")
	}
	c.fetch("PUT", link).want(t, 403, "SignatureDoesNotMatch")
	c.fetch("GET", strings.Replace(link, "/V1/", "/V2/", 1)).want(t, 403, "SignatureDoesNotMatch")
	plain, _, _ := strings.Cut(link, "?")
	c.fetch("GET", plain).want(t, 403, "AccessDenied")
	u := mustParse(t, link)
	query := u.Query()
	query.Set("Expires", "99999999999")
	u.RawQuery = query.Encode()
	c.fetch("GET", u.String()).want(t, 403, "SignatureDoesNotMatch")
}

func TestLinkRange(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	link := c.link(emulator.RFSTemplateName, "V1")
	whole, _ := c.Content("rfs/my_first_template/V1")
	size := len(whole)
	for spec, want := range map[string][]byte{"bytes=0-9": whole[:10], "bytes=10-": whole[10:], "bytes=-5": whole[size-5:],
		"bytes=5-99999": whole[5:]} {
		got := c.fetch("GET", link, "Range", spec).want(t, 206, "")
		if !bytes.Equal(got.body, want) || got.header.Get("Content-Range") == "" {
			t.Errorf("%s: %q, %v", spec, got.body, got.header)
		}
	}
	tag := c.fetch("GET", link).header.Get("Etag")
	c.fetch("GET", link, "Range", "bytes=10-", "If-Range", tag).want(t, 206, "")
	c.fetch("GET", link, "Range", "bytes=10-", "If-Range", `"another"`).want(t, 200, "")
	for _, spec := range []string{"bytes=9-5", "bytes=99999-", "bytes=-0", "lines=1-2", "bytes=a-b", "bytes=1-2,4-5"} {
		got := c.fetch("GET", link, "Range", spec).want(t, 200, "")
		if !bytes.Equal(got.body, whole) {
			t.Errorf("%s: %d bytes of %d", spec, len(got.body), size)
		}
	}
}
