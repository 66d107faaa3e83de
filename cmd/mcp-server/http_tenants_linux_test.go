package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// ownKey is in the server's own environment, and must never sign anything of a profile's.
const ownKey = "SERVERSOWNKEY0000000"

// profileEnv is an env_file with which a profile's calls go to the emulator, signed with a key.
func profileEnv(cloud *emulator.Emulator, ak, sk string) string {
	var lines []string
	for _, line := range cloud.Environment() {
		if !strings.HasPrefix(line, "HUAWEICLOUD_SDK_AK=") && !strings.HasPrefix(line, "HUAWEICLOUD_SDK_SK=") {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(lines, "HUAWEICLOUD_SDK_AK="+ak, "HUAWEICLOUD_SDK_SK="+sk), "\n") + "\n"
}

// startTenants has ann and a colleague on the profile first, bob on second, and eve on one without credentials.
func startTenants(t *testing.T, args ...string) *team {
	t.Helper()
	cloud := startCloud(t, emulator.Config{})
	c := cloud.Credentials()
	return startTeam(t, teamOptions{
		cloud: cloud, access: tenantsFile(t), args: args,
		files: []string{"first.env", profileEnv(cloud, c.AK, c.SK), "second.env", profileEnv(cloud, c.OtherAK, c.OtherSK)},
		env:   []string{"HUAWEICLOUD_SDK_AK=" + ownKey, "HUAWEICLOUD_SDK_SK=servers-own-secret-key"},
	})
}

func tenantsFile(t *testing.T) string {
	t.Helper()
	return callers(caller(t, "ann", "profile: first"), caller(t, "colleague", "profile: first"), caller(t, "bob", "profile: second"),
		caller(t, "eve", "profile: empty")) + `profiles:
  first: {env_file: first.env}
  second: {env_file: second.env}
  empty: {environment: {HUAWEICLOUD_REGION: cn-north-4}}
`
}

// keysSince are those that signed the requests after the first n, without repetition.
func (s *team) keysSince(n int) string {
	var keys []string
	for _, r := range s.cloud.Requests()[n:] {
		keys = append(keys, r.AccessKey)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), " ")
}

// TestEachProfileSignsWithItsOwnKey has callers of two profiles call at the same time, over and over.
func TestEachProfileSignsWithItsOwnKey(t *testing.T) {
	t.Parallel()
	s := startTenants(t)
	credentials := s.cloud.Credentials()
	for _, tc := range []struct{ name, key string }{{"ann", credentials.AK}, {"bob", credentials.OtherAK}, {"colleague", credentials.AK}} {
		before := len(s.cloud.Requests())
		if r := callTool(t, s.as(t, tc.name), "rfs_list_templates", nil); r.IsError {
			t.Fatalf("%s: %s", tc.name, textOf(r))
		}
		if keys := s.keysSince(before); keys != tc.key {
			t.Errorf("the requests of %s were signed with %q", tc.name, keys)
		}
	}
	clients := []*mcp.ClientSession{s.as(t, "ann"), s.as(t, "bob")}
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if r, err := clients[n%2].CallTool(t.Context(), &mcp.CallToolParams{Name: "rfs_list_templates"}); err != nil || r.IsError {
				t.Errorf("call %d: %v %+v", n, err, r)
			}
		})
	}
	all.Wait()
	counts := map[string]int{}
	for _, r := range s.cloud.Requests() {
		counts[r.AccessKey]++
	}
	if len(counts) != 2 || counts[credentials.AK]*11 != counts[credentials.OtherAK]*12 { // 12 calls of the one, 11 of the other
		t.Errorf("signed were %v", counts)
	}
	// Without credentials of its own a profile does not get the server's.
	before := len(s.cloud.Requests())
	r := callTool(t, s.as(t, "eve"), "rfs_list_templates", nil)
	if text := textOf(r); !r.IsError || !strings.Contains(text, "HUAWEICLOUD_SDK_AK") || len(s.cloud.Requests()) > before {
		t.Errorf("a profile without credentials was answered by %s", text)
	}
}

// TestProfileChangesWhileTheServerRuns changes an env_file, and then takes a profile away.
func TestProfileChangesWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	s := startTenants(t)
	credentials := s.cloud.Credentials()
	ann, bob := s.as(t, "ann"), s.as(t, "bob")
	callTool(t, ann, "rfs_list_templates", nil)
	s.cloud.SetFaults(emulator.Fault{Service: emulator.ServiceRFS, Kind: emulator.FaultSlow, Times: 1})
	slow := make(chan bool, 1)
	go func() {
		r, err := ann.CallTool(t.Context(), &mcp.CallToolParams{Name: "rfs_list_templates"})
		slow <- err == nil && !r.IsError
	}()
	before := len(s.cloud.Requests())
	waitFor(t, "the slow call to run", func() bool { return len(s.cloud.Requests()) > before })
	replaceFile(t, filepath.Join(filepath.Dir(s.file), "first.env"), profileEnv(s.cloud, credentials.OtherAK, credentials.OtherSK))
	waitFor(t, "a call with the new key", func() bool {
		time.Sleep(100 * time.Millisecond) // there is a limit to calls in a minute
		n := len(s.cloud.Requests())
		r := callTool(t, ann, "rfs_list_template_versions", object{"template_name": emulator.RFSTemplateName})
		return !r.IsError && strings.Contains(s.keysSince(n), credentials.OtherAK)
	})
	if !<-slow {
		t.Error("the call that ran while the credentials changed was cut")
	}
	before = len(s.cloud.Requests())
	if r := callTool(t, ann, "roma_list_instances", nil); r.IsError || s.keysSince(before) != credentials.OtherAK {
		t.Errorf("another plugin was answered by %s, signed with %s", textOf(r), s.keysSince(before))
	}
	s.rewrite(t, strings.ReplaceAll(strings.Replace(tenantsFile(t), "  second: {env_file: second.env}\n", "", 1), "profile: second", "read_only: true"))
	waitFor(t, "the profile to be gone", func() bool {
		r := callTool(t, bob, "rfs_list_templates", nil) // the server's own credentials, which the emulator refuses
		return r.IsError && strings.Contains(textOf(r), "401")
	})
}

// TestPluginsOfProfilesGetNothingOfOthers looks at the processes of two profiles.
func TestPluginsOfProfilesGetNothingOfOthers(t *testing.T) {
	t.Parallel()
	s := startTenants(t)
	own := children(t, s.process.Process.Pid)
	callTool(t, s.as(t, "ann"), "rfs_list_templates", nil)
	first := children(t, s.process.Process.Pid)
	callTool(t, s.as(t, "bob"), "rfs_list_templates", nil)
	second := children(t, s.process.Process.Pid)
	callTool(t, s.as(t, "colleague"), "rfs_list_templates", nil)
	third := children(t, s.process.Process.Pid)
	if len(first) != len(own)+1 || len(second) != len(own)+2 || len(third) != len(second) {
		t.Errorf("%d processes of plugins, then %d, %d and %d; one more for each profile is right", len(own), len(first), len(second), len(third))
	}
	credentials := s.cloud.Credentials()
	secrets := []string{ownKey, "servers-own-secret-key", credentials.AK, credentials.SK, credentials.OtherAK, credentials.OtherSK, "planted-token", "HUAWEICLOUD"}
	for _, pid := range third {
		for _, file := range []string{"environ", "cmdline"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if strings.Contains(string(text), secret) {
					t.Errorf("%s of process %d holds %s", file, pid, secret)
				}
			}
		}
	}
}

// view is how a caller could come by a file.
type view struct {
	name   string
	client *mcp.ClientSession
}

// sees returns by which ways a caller finds a file.
func (s *team) sees(t *testing.T, v view, uri string) (ways []string) {
	t.Helper()
	add := func(way string, found bool) {
		if found {
			ways = append(ways, way)
		}
	}
	listed, err := v.client.ListResources(t.Context(), nil)
	add("resources/list", err == nil && slices.ContainsFunc(listed.Resources, func(r *mcp.Resource) bool { return r.URI == uri }))
	_, err = v.client.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
	add("resources/read", err == nil)
	r := callTool(t, v.client, "artifact_list", nil)
	add("artifact_list", strings.Contains(textOf(r), uri))
	r = callTool(t, v.client, "artifact_read", object{"uri": uri})
	add("artifact_read", !r.IsError)
	a := s.request(t, http.MethodGet, s.url+"/artifacts/"+strings.TrimPrefix(uri, "artifact://"), "", authorization(v.name)...)
	add("GET", a.status == http.StatusOK)
	if a.status != http.StatusOK && a.status != http.StatusNotFound {
		t.Errorf("%s: GET is answered by %d", v.name, a.status)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(uri, "artifact://"), "/")
	c, err := v.client.Complete(t.Context(), &mcp.CompleteParams{
		Ref:      &mcp.CompleteReference{Type: "ref/resource", URI: "artifact://{id}/{+name}"},
		Argument: mcp.CompleteParamsArgument{Name: "id", Value: id[:4]},
	})
	add("completion", err == nil && slices.Contains(c.Completion.Values, id))
	return ways
}

const everyWay = "[resources/list resources/read artifact_list artifact_read GET completion]"

// TestFilesOfCallersAreApart stores a file for one caller and looks for it as others, of the same profile and of another.
func TestFilesOfCallersAreApart(t *testing.T) {
	t.Parallel()
	s := startTenants(t)
	heard := map[string]*heardOf{"ann": {}, "colleague": {}, "bob": {}}
	views := map[string]view{}
	for name, h := range heard {
		views[name] = view{name, s.as(t, name, h.options())}
	}
	template := object{"template_name": emulator.RFSTemplateName, "version_id": "V1"}
	r := callTool(t, views["ann"].client, "rfs_show_template_version_content", template)
	if r.IsError {
		t.Fatal(textOf(r))
	}
	uri := fmt.Sprint(artifactOf(results{"": structured(t, r)}, "")["uri"])
	for name, v := range views {
		want := "[]"
		if name == "ann" {
			want = everyWay
		}
		if got := fmt.Sprint(s.sees(t, v, uri)); got != want {
			t.Errorf("%s finds the file by %s, want %s", name, got, want)
		}
		// Whether it is there must not show here either.
		if err := v.client.Subscribe(t.Context(), &mcp.SubscribeParams{URI: uri}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	callTool(t, views["ann"].client, "rfs_show_template_version_content", template) // which stores it again
	waitFor(t, "the one who may to hear of it", func() bool { return heard["ann"].of(uri) > 0 })
	if n := heard["colleague"].of(uri); n > 0 {
		t.Errorf("the colleague heard of it %d times", n)
	}
	// The same content under another caller's name is a file of that caller's own.
	callTool(t, views["colleague"].client, "rfs_show_template_version_content", template)
	if got := fmt.Sprint(s.sees(t, views["colleague"], uri)); got != everyWay {
		t.Errorf("the colleague finds an own file by %s", got)
	}
	waitFor(t, "the colleague to hear of the own file", func() bool { return heard["colleague"].of(uri) > 0 })
	if got := s.sees(t, views["bob"], uri); len(got) > 0 || heard["bob"].of(uri) > 0 {
		t.Errorf("bob finds it by %v and heard of it %d times", got, heard["bob"].of(uri))
	}
}

// heardOf counts what a client was told of resources.
type heardOf struct {
	mu   sync.Mutex
	uris []string
}

func (h *heardOf) options() *mcp.ClientOptions {
	return &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.uris = append(h.uris, r.Params.URI)
	}}
}

func (h *heardOf) of(uri string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, heard := range h.uris {
		if heard == uri {
			n++
		}
	}
	return n
}

// TestOnceOnlyArchiveAmongCallers has an archive fetched by one caller: a colleague of the same profile gets it from the
// store, another profile has a journal of its own and asks the cloud.
func TestOnceOnlyArchiveAmongCallers(t *testing.T) {
	t.Parallel()
	s := startTenants(t)
	ann, colleague, bob := view{"ann", s.as(t, "ann")}, view{"colleague", s.as(t, "colleague")}, view{"bob", s.as(t, "bob")}
	r := callTool(t, ann.client, downloadArchive, archiveArguments())
	if r.IsError {
		t.Fatal(textOf(r))
	}
	uri := fmt.Sprint(artifactOf(results{"": structured(t, r)}, "")["uri"])
	if ways := s.sees(t, colleague, uri); len(ways) > 0 {
		t.Errorf("the colleague finds it without asking by %v", ways)
	}
	r = callTool(t, colleague.client, downloadArchive, archiveArguments())
	if r.IsError || structured(t, r)["repeated"] != true {
		t.Fatalf("the colleague was answered by %s", textOf(r))
	}
	want, _ := s.cloud.Content("roma/" + emulator.ROMAArchiveID)
	got := s.request(t, http.MethodGet, s.url+"/artifacts/"+strings.TrimPrefix(uri, "artifact://"), "", authorization("colleague")...)
	if got.status != http.StatusOK || got.body != string(want) {
		t.Errorf("the colleague's file: %d, %d bytes of %d", got.status, len(got.body), len(want))
	}
	if ways := fmt.Sprint(s.sees(t, colleague, uri)); ways != everyWay || requested(s.cloud) != 1 {
		t.Errorf("the colleague finds it by %s, after %d requests", ways, requested(s.cloud))
	}
	r = callTool(t, bob.client, downloadArchive, archiveArguments())
	if !r.IsError || requested(s.cloud) != 2 { // the emulator does not hand it out again
		t.Errorf("another profile was answered by %s, after %d requests", textOf(r), requested(s.cloud))
	}
	if ways := s.sees(t, bob, uri); len(ways) > 0 || strings.Contains(textOf(r), uri) {
		t.Errorf("another profile finds it by %v: %s", ways, textOf(r))
	}
	folders, err := filepath.Glob(filepath.Join(s.data, "profiles", "*")) // of all profiles, also of one that nobody used
	if err != nil || len(folders) != 3 {
		t.Errorf("the folders of profiles are %v, %v", folders, err)
	}
	files, err := filepath.Glob(filepath.Join(s.data, "profiles", "*", "artifacts", "*"))
	if err != nil || len(files) != 1 || !strings.Contains(files[0], "profiles/first/") {
		t.Errorf("stored are %v, %v", files, err)
	}
}
