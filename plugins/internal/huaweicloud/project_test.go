package huaweicloud

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"mcp-server/sdk"
)

func TestProjectLookUp(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	var path atomic.Value
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v3/projects" {
			asked.Add(1)
			if err := verify(r, nil, testSK); err != nil {
				t.Error(err)
			}
			write(w, fmt.Sprintf(`{"projects":[{"id":"id-of-%s","name":"x"}],"links":{}}`, r.URL.Query().Get("name")))
			return
		}
		path.Store(r.URL.Path + " " + r.Header.Get("X-Project-Id"))
		write(w, "{}")
	})
	c, _ := client(t, DRS, withKey(DRS, server).without(envProject))
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() {
			if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if asked.Load() != 1 {
		t.Errorf("IAM was asked %d times by 10 calls", asked.Load())
	}
	for target, want := range map[Target]string{
		{}:                                      "/v5/id-of-cn-north-4/jobs id-of-cn-north-4",
		{Region: "cn-east-3"}:                   "/v5/id-of-cn-east-3/jobs id-of-cn-east-3",
		{Region: "cn-east-3", ProjectID: "own"}: "/v5/own/jobs own",
	} {
		if _, err := c.JSON(t.Context(), target, listJobs(), nil); err != nil {
			t.Fatal(err)
		}
		if got := path.Load(); got != want {
			t.Errorf("%+v: sent %s, want %s", target, got, want)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("IAM was asked %d times for two regions", asked.Load())
	}
}

func TestProjectErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reply string
		e     []string // environment to add
		parts []string
	}{
		"none":      {`{"projects":[]}`, nil, []string{`"project_id"`, "no project in region cn-north-4"}},
		"several":   {`{"projects":[{"id":"a"},{"id":"b"}]}`, nil, []string{`"project_id"`, "a, b"}},
		"odd":       {`{"projects":[{"id":"../x"}]}`, nil, []string{"no usable project id"}},
		"no region": {``, []string{envRegion, ""}, []string{`"project_id"`, `"region"`, envProject}},
		"private":   {``, []string{envEndpoint + "IAM", "", envEndpoint + "DRS", "https://drs.corp.example"}, []string{"HUAWEICLOUD_ENDPOINT_IAM", "public"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v3/projects" || test.reply == "" {
					t.Errorf("%s was asked for", r.URL.Path)
				}
				write(w, test.reply)
			})
			c, _ := client(t, DRS, withKey(DRS, server).without(envProject).with(test.e...))
			_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
			mention(t, problemOf(t, err), test.parts...)
		})
	}
}

// TestProjectLookUpRefused must not hang: the refused credential is forgotten while its project is being looked up.
func TestProjectLookUpRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v3/auth/tokens":
			w.Header().Set("X-Subject-Token", testToken)
			write(w, `{"token":{}}`) // no project in it
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	c, _ := client(t, DRS, withKey(DRS, server).without(envProject, envAK, envSK).with(envUser, "u", envPassword, testPassword, envDomainName, "d"))
	_, err := c.JSON(t.Context(), Target{}, listJobs(), nil)
	if e := problemOf(t, err); e.Code != sdk.CodeUnauthenticated {
		t.Errorf("got %s: %s", e.Code, e.Message)
	}
}

func TestIAMEndpoint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		e       environment
		profile string
		region  string
		want    string
	}{
		"override":     {environment{envEndpoint + "IAM": "https://iam.a", envIAMEndpoint: "https://iam.b"}, "iam.c", "cn-north-4", "https://iam.a"},
		"sdk variable": {environment{envIAMEndpoint: "https://iam.b"}, "iam.c", "cn-north-4", "https://iam.b"},
		"profile":      {environment{}, "iam.c", "cn-north-4", "https://iam.c"},
		"region":       {environment{}, "", "cn-north-4", "https://iam.cn-north-4.myhuaweicloud.com"},
		"europe":       {environment{}, "", "eu-west-101", "https://iam.eu-west-101.myhuaweicloud.eu"},
		"not in table": {environment{}, "", "ru-northwest-2", globalIAM},
	} {
		c, _ := client(t, DRS, test.e)
		at, err := c.place(Target{Region: test.region})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.iamEndpoint(at, test.profile)
		if err != nil || got.url.String() != test.want {
			t.Errorf("%s: got %v, %v, want %s", name, got.url, err, test.want)
		}
	}
}
