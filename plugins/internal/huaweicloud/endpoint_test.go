package huaweicloud

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/sdk"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		service      Service
		region, want string
	}{
		{HTAP, "cn-north-4", "https://gaussdb.cn-north-4.myhuaweicloud.com"},
		{HTAP, "af-south-1", "https://gaussdb-mysql.af-south-1.myhuaweicloud.com"},
		{HTAP, "ap-southeast-1", "https://gaussdbformysql.ap-southeast-1.myhuaweicloud.com"},
		{DRS, "eu-west-101", "https://drs.eu-west-101.myhuaweicloud.eu"},
		{RFS, "cn-north-4", "https://rfs.cn-north-4.myhuaweicloud.com"},
		{RFS, "eu-west-101", "https://aos.myhuaweicloud.eu"},
		{ROMA, "cn-south-1", "https://roma.cn-south-1.myhuaweicloud.com"},
	} {
		c, _ := client(t, test.service, environment{})
		at, err := c.place(Target{Region: test.region})
		if err != nil || at.endpoint.url.String() != test.want || at.endpoint.override {
			t.Errorf("%s in %s: got %v, %v", test.service, test.region, at.endpoint.url, err)
		}
	}
}

func TestRegionMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service Service
		e       environment
		target  Target
		source  sdk.Source
		parts   []string
	}{
		"none":         {DRS, environment{}, Target{}, sdk.SourceArgument, []string{`"region"`, envRegion}},
		"unknown":      {DRS, environment{}, Target{Region: "cn-north-44"}, sdk.SourceArgument, []string{`"cn-north-44"`, "the nearest of the", "cn-north-4,", "HUAWEICLOUD_ENDPOINT_DRS"}},
		"few":          {ROMA, environment{}, Target{Region: "cn-north-2"}, sdk.SourceArgument, []string{"it is offered in cn-north-1, cn-north-4,", "ru-northwest-2"}},
		"not a region": {DRS, environment{}, Target{Region: "evil.example/x?"}, sdk.SourceArgument, []string{`argument "region"`, "looks like cn-north-4"}},
		"variable":     {DRS, environment{envRegion: "CN North"}, Target{}, sdk.SourceHost, []string{envRegion, "looks like"}},
		"project":      {DRS, environment{}, Target{Region: "cn-north-4", ProjectID: "a/../b"}, sdk.SourceArgument, []string{`argument "project_id"`}},
		"huge":         {DRS, environment{}, Target{Region: strings.Repeat("x", 10<<20)}, sdk.SourceArgument, []string{`argument "region"`, "…"}},
	} {
		c, _ := client(t, test.service, test.e)
		_, err := c.place(test.target)
		e := problemOf(t, err)
		mention(t, e, test.parts...)
		if e.Source != test.source || len(e.Message) > 600 {
			t.Errorf("%s: source %s, %d bytes", name, e.Source, len(e.Message))
		}
	}
}

func TestEndpointOverrides(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"https://drs.corp.example":          "https://drs.corp.example",
		"https://drs.corp.example:8443/":    "https://drs.corp.example:8443",
		"drs.corp.example":                  "https://drs.corp.example",
		" http://127.0.0.1:80 ":             "http://127.0.0.1:80",
		"http://localhost:1":                "http://localhost:1",
		"http://[::1]:1":                    "http://[::1]:1",
		"http://drs.corp.example":           "must begin with https",
		"http://127.0.0.1.evil.example":     "must begin with https",
		"ftp://drs.corp.example":            "must begin with https",
		"https://u:" + testSK + "@x.y":      "must be a scheme, a host",
		"https://x.y/path":                  "must be a scheme, a host",
		"https://x.y?token=" + testSK:       "must be a scheme, a host",
		"https://":                          "is not a URL",
		"https://drs .corp":                 "is not a URL",
		"https://drs\u3002corp":             "is not a URL",
		"https://%" + testSK:                "is not a URL",
		"://" + testSK:                      "is not a URL",
		"https://drs.corp.example:" + "abc": "is not a URL",
	} {
		c, _ := client(t, DRS, environment{envEndpoint + "DRS": value})
		at, err := c.place(Target{})
		if strings.HasPrefix(want, "http") {
			if err != nil || at.endpoint.url.String() != want || !at.endpoint.override {
				t.Errorf("%s: got %v, %v", value, at.endpoint.url, err)
			}
			continue
		}
		mention(t, problemOf(t, err), envEndpoint+"DRS", want)
	}
}

// TestTargetBecomesArguments checks that an embedded Target is flat in the schema and in the arguments.
func TestTargetBecomesArguments(t *testing.T) {
	t.Parallel()
	p := sdk.Plugin{Name: "x", Version: "1", Tools: []sdk.Tool{downloadTool(nil, Request{}, Download{})}}
	m, err := p.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Pattern, Description string }
		Required   []string
	}
	if err := json.Unmarshal(m.Tools[0].InputSchema, &schema); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"region", "project_id"} {
		if p := schema.Properties[name]; p.Pattern == "" || p.Description == "" {
			t.Errorf("%s is %+v in %s", name, p, m.Tools[0].InputSchema)
		}
	}
	if len(schema.Properties) != 2 || len(schema.Required) != 0 {
		t.Errorf("schema %s", m.Tools[0].InputSchema)
	}
}

// TestOfficialRegionsFile runs in a process of its own, because the official SDK reads the file once.
func TestOfficialRegionsFile(t *testing.T) {
	t.Parallel()
	if file := os.Getenv("TEST_REGIONS_RESULT"); file != "" {
		c, _ := client(t, DRS, environment{})
		text := ""
		for _, region := range []string{"cn-north-4", "own-1"} {
			at, err := c.place(Target{Region: region})
			if err != nil {
				text += problemOf(t, err).Message + "\n"
				continue
			}
			text += at.endpoint.url.String() + "\n"
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for content, want := range map[string]string{
		"DRS:\n  - id: own-1\n    endpoint: https://drs.own.example\n": "https://drs.cn-north-4.myhuaweicloud.com\nhttps://drs.own.example\n",
		"DRS: 5\n": "is not a valid regions file",
	} {
		folder := t.TempDir()
		file, result := filepath.Join(folder, "regions.yaml"), filepath.Join(folder, "result")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOfficialRegionsFile$")
		command.Env = append(os.Environ(), "TEST_REGIONS_RESULT="+result, envRegionsFile+"="+file)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got, err := os.ReadFile(result)
		if err != nil || !strings.Contains(string(got), want) || strings.Contains(string(got), "nil pointer") {
			t.Errorf("%q: got %q, %v", content, got, err)
		}
	}
}
