package emulator

import (
	"fmt"
	"slices"
	"time"
)

// rfsTemplate is a template with its versions, the newest first.
type rfsTemplate struct {
	id, name, description string
	since                 time.Time
	versions              []rfsVersion
}

type rfsVersion struct {
	id, description string
	since           time.Time
	file            string // suffix of the uploaded file: .tf, .tf.json or .zip
	body            []byte
}

func (t rfsTemplate) created() string         { return t.since.Format(time.RFC3339) }
func (t rfsTemplate) updated() string         { return t.versions[0].createdAt() }
func (v rfsVersion) createdAt() string        { return v.since.Format(time.RFC3339) }
func (v rfsVersion) key(t rfsTemplate) string { return t.id + "/" + v.id + "/" + t.name + v.file }

// upload is a file that a user has uploaded as the next version of a template.
type upload struct {
	file string
	body []byte
}

// rfsTemplates returns the templates, the newest first.
func rfsTemplates() ([]rfsTemplate, error) {
	zipped, err := zipFile([]entry{
		{name: "main.tf", body: terraform("landing-zone", "10.0.0.0/8")},
		{name: "variables.tf", body: []byte("variable \"region\" {\n  type    = string\n  default = \"" + Region + "\"\n}\n")},
		{name: "modules/network/网络.tf", body: terraform("landing-zone-network", "10.1.0.0/16")},
	})
	if err != nil {
		return nil, err
	}
	var many []upload
	for n := range 10 {
		many = append(many, upload{".tf", terraform("second", fmt.Sprintf("192.168.%d.0/24", n+1))})
	}
	chinese := append([]byte("# 网络模板：创建一个虚拟私有云\n"), terraform("网络", "10.2.0.0/16")...)
	const jsonBody = `{"resource": {"huaweicloud_vpc": {"main": {"name": "json", "cidr": "10.3.0.0/16"}}}}` + "\n"
	list := []rfsTemplate{
		newTemplate(0, RFSTemplateID, RFSTemplateName, "Template description", []upload{
			{".tf", terraform("first", "192.168.0.0/24")}, {".tf", terraform("first", "192.168.0.0/20")},
			{".tf", terraform("first", "192.168.0.0/16")}}),
		newTemplate(1, "69f8d5ea-eaa4-4a3b-a96d-bae9230e97c9", RFSManyVersionsTemplateName, "Description", many),
		newTemplate(2, "1b15e005-bdbb-4bd7-8f9a-a09b6774b4b3", RFSChineseTemplateName, "一个虚拟私有云", []upload{
			{".tf", terraform("网络", "10.2.0.0/24")}, {".tf", chinese}}),
		newTemplate(3, "3d37e227-dfdd-4df9-a1bc-c2bd8996d6d5", RFSJSONTemplateName, "JSON syntax", []upload{
			{".tf.json", []byte(jsonBody)}}),
		newTemplate(4, "2c26d116-cecc-4ce8-90ab-b1ac7885c5c4", RFSZipTemplateName, "", []upload{
			{".tf", terraform("landing-zone", "10.0.0.0/16")}, {".zip", zipped}}),
	}
	slices.Reverse(list)
	return list, nil
}

// newTemplate numbers the uploads V1, V2 … and puts the last one first. The n-th template is n days younger.
func newTemplate(n int, id, name, description string, uploads []upload) rfsTemplate {
	t := rfsTemplate{id: id, name: name, description: description, since: time.Date(2023, 5, 9+n, 8, 0, 0, 0, time.UTC)}
	for n, u := range uploads {
		t.versions = append(t.versions, rfsVersion{id: fmt.Sprintf("V%d", n+1), file: u.file, body: u.body,
			description: fmt.Sprintf("version %d of %s", n+1, name), since: t.since.Add(time.Duration(n) * time.Hour)})
	}
	slices.Reverse(t.versions)
	return t
}

// terraform returns the text of a small template.
func terraform(name, cidr string) []byte {
	return fmt.Appendf(nil, `terraform {
  required_providers {
    huaweicloud = {
      source = "huaweicloud/huaweicloud"
    }
  }
}

resource "huaweicloud_vpc" "main" {
  name = %q
  cidr = %q
}

output "vpc_id" {
  value = huaweicloud_vpc.main.id
}
`, name, cidr)
}
