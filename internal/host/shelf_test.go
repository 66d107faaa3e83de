package host

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

func offering(plugin string, tools ...sdk.ToolManifest) *item {
	return &item{name: plugin, process: fake(nil), offer: examine(plugin, fake(nil), sdk.Manifest{Tools: tools})}
}

func put(h *Host, items ...*item) {
	h.update(func(s *shelf) {
		for _, it := range items {
			s.put(it)
		}
	})
}

func remove(h *Host, plugin string) {
	h.update(func(s *shelf) { delete(s.items, plugin) })
}

func TestTheFirstOwnerKeepsAName(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	put(h, offering("z-first", toolManifest("test_same")))
	put(h, offering("a-second", toolManifest("test_same"), toolManifest("test_own")))
	owner := func() string {
		tool, err := h.Tool("test_same")
		if err != nil {
			t.Fatal(err)
		}
		return tool.Plugin
	}
	if owner() != "z-first" || len(h.Tools()) != 2 || len(h.Problems()) != 1 || !strings.Contains(h.Problems()[0].Reason, "z-first") {
		t.Errorf("owner %s, tools %v, problems %v", owner(), h.Tools(), h.Problems())
	}
	put(h, offering("z-first", toolManifest("test_same"))) // replaced: it was there first all the same
	if owner() != "z-first" {
		t.Errorf("a replaced plugin lost its tool to %s", owner())
	}
	remove(h, "z-first")
	if owner() != "a-second" || len(h.Problems()) != 0 {
		t.Errorf("owner %s, problems %v when the first has gone", owner(), h.Problems())
	}
}

func TestAPluginThatGoesTakesEverythingAlong(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	put(h, &item{name: "p", process: fake(nil), offer: examine("p", fake(nil), sdk.Manifest{
		Instructions: "Use it.", Tools: []sdk.ToolManifest{toolManifest("test_run")},
		Prompts:   []sdk.PromptManifest{{Name: "ask", Title: "T", Description: "Does something."}},
		Resources: []sdk.ResourceManifest{{URI: "p://one", Name: "one", Description: "Something."}, {URI: "p://{id}", Name: "some", Description: "Something."}},
	})})
	count := func(method, list string) int {
		answer := ask(t.Context(), t, h, request{method: method, capabilities: allAbilities})
		all, _ := answer.Result[list].([]any)
		return len(all)
	}
	counts := func() []int {
		return []int{count("tools/list", "tools"), count("prompts/list", "prompts"), count("resources/list", "resources"),
			count("resources/templates/list", "resourceTemplates")}
	}
	if got := counts(); !slices.Equal(got, []int{1, 1, 1, 2}) {
		t.Errorf("with the plugin there are %v", got)
	}
	remove(h, "p")
	if got := counts(); !slices.Equal(got, []int{0, 0, 0, 1}) {
		t.Errorf("without the plugin there are %v", got)
	}
	if strings.Contains(h.instructions(access.Caller{}), "Use it.") {
		t.Error("the instructions stay")
	}
}

func TestCallsByAnEarlierName(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	m := toolManifest("test_now")
	m.Aliases, m.OutputSchema = []string{"test_before", "test_other"}, nil
	put(h, &item{name: "p", process: fake(echoName), offer: examine("p", fake(echoName), sdk.Manifest{Tools: []sdk.ToolManifest{m}})})
	put(h, offering("q", toolManifest("test_other")))
	answer := ask(t.Context(), t, h, callOf("test_before", nil))
	if got := textIn(answer); got != "test_now" {
		t.Errorf("the tool was called as %q: %+v", got, answer)
	}
	if tool, err := h.Tool("test_other"); err != nil || tool.Plugin != "q" {
		t.Errorf("a name in use is an alias: %+v, %v", tool, err)
	}
	if p := h.Problems(); len(p) != 1 || !strings.Contains(p[0].Reason, "test_other") {
		t.Errorf("problems %v", p)
	}
	if n := len(h.Tools()); n != 2 {
		t.Errorf("%d tools are listed", n)
	}
}

func TestWhatACallHidStaysHidden(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	it := offering("p", toolManifest("test_run"))
	put(h, it)
	h.list("p", &pluginv1.Listing{Kind: pluginv1.Kind_KIND_TOOL, Name: "test_run", Listed: false})
	put(h, offering("q", toolManifest("test_other")))
	if !h.catalog.unlisted[listed{pluginv1.Kind_KIND_TOOL, "test_run"}] {
		t.Error("another plugin's coming shows it")
	}
	put(h, offering("p", toolManifest("test_run")))
	if h.catalog.unlisted[listed{pluginv1.Kind_KIND_TOOL, "test_run"}] {
		t.Error("a replaced plugin stays hidden")
	}
}

func TestAVerdictSparesTheExamination(t *testing.T) {
	t.Parallel()
	bad := toolManifest("test_bad")
	bad.InputSchema = json.RawMessage(`{"type":"object","properties":7}`)
	m := sdk.Manifest{Tools: []sdk.ToolManifest{toolManifest("test_good"), bad}}
	v := verdict{}
	before := examineWith("p", nil, m, v.note)
	again := examineWith("p", nil, m, v.check)
	if len(again.tools) != 1 || len(before.problems) != 1 || !slices.Equal(before.problems, again.problems) {
		t.Errorf("before %v, again %v", before.problems, again.problems)
	}
}

func TestACallOfAReplacedPluginLeavesNoProcessBehind(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	file := func(path string) *item { return &item{name: "p", binary: pluginfolder.Binary{Name: "p", Path: path}} }
	found, after := file("/before"), file("/after")
	put(h, found)
	put(h, after) // between the call's look at the catalogue and at the processes
	for _, it := range []*item{found, after} {
		if _, _, err := h.processFor(access.Caller{}, it); err != nil {
			t.Fatal(err)
		}
	}
	if kept := h.ownTenant().plugins; len(kept) != 1 || kept[after] == nil {
		t.Errorf("the tenant keeps %v", kept)
	}
}

func TestAttachedPluginsAreListed(t *testing.T) {
	t.Parallel()
	h := newTestHost(t)
	it := offering("p", toolManifest("test_run"))
	it.attached = true
	put(h, it, offering(ownName, toolManifest("test_own")))
	all := h.Plugins()
	if len(all) != 1 || all[0].Name != "p" || all[0].State != StateAttached || !slices.Equal(all[0].Tools, []string{"test_run"}) {
		t.Errorf("got %+v", all)
	}
}

func TestAFileWithTheServersOwnNameIsAProblem(t *testing.T) {
	t.Parallel()
	own := []pluginfolder.Binary{{Name: ownName}}
	if got := problemsOf("folder", own, nil); len(got) != 1 || got[0].Plugin != ownName || !strings.Contains(got[0].Reason, "otherwise") {
		t.Errorf("got %v", got)
	}
	if kept, unknown := newTestHost(t).sort(look{found: own}); len(kept)+len(unknown) != 0 {
		t.Errorf("it is used: %v, %v", kept, unknown)
	}
}
