package main

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

// TestWhatIsInTheArchive is what an engineer asks an assistant for: get the ROMA archive, tell what is in it, read one file
// of it; with tools only.
func TestWhatIsInTheArchive(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{})
	r := s.call(t, "roma_export_assets", map[string]any{"instance_id": emulator.ROMAInstanceID, "apps": []string{emulator.ROMAAppID}})
	a := artifactOf(results{"": structured(t, r)}, "")
	preview, _ := a["preview"].(map[string]any)
	if preview["kind"] != "zip" || preview["entry_count"] != 4.0 || !strings.Contains(fmt.Sprint(preview["entries"]), "apps/orders/app.json") {
		t.Fatalf("the preview is %v", preview)
	}
	read := structured(t, s.call(t, "artifact_read", map[string]any{"uri": a["uri"], "entry": "apps/orders/app.json"}))
	if text := fmt.Sprint(read["text"]); !strings.Contains(text, `"name": "orders"`) {
		t.Errorf("read %v", read)
	}
	missing := s.call(t, "artifact_read", map[string]any{"uri": a["uri"], "entry": "apps/order/app.json"})
	if !missing.IsError || !strings.Contains(textOf(missing), "apps/orders/app.json") {
		t.Errorf("a wrong entry was answered by %s", textOf(missing))
	}
	for _, name := range []any{a["path"], a["name"], strings.TrimPrefix(fmt.Sprint(a["uri"]), "artifact://")[:8]} {
		again := structured(t, s.call(t, "artifact_read", map[string]any{"uri": fmt.Sprint(" ", name), "entry": "apps/orders/app.json"}))
		if again["uri"] != a["uri"] {
			t.Errorf("%s read %v", name, again)
		}
	}
	id := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(a["name"]), "asset_"), ".zip")
	for name, total := range map[string]float64{strings.ToUpper(emulator.ROMAInstanceID): 1, id: 1, fmt.Sprint(a["uri"]): 1, "elsewhere": 0} {
		if listed := structured(t, s.call(t, "artifact_list", map[string]any{"name": name})); listed["total"] != total {
			t.Errorf("%s listed %v", name, listed)
		}
	}
	listed := structured(t, s.call(t, "artifact_list", nil))
	if listed["total"] != 1.0 || artifactOf(results{"": listed}, "")["once_only"] != true {
		t.Errorf("listed %v", listed)
	}
}

// TestWorkbookAndZipPreviews has the other kinds that tools download.
func TestWorkbookAndZipPreviews(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{})
	r := structured(t, s.call(t, "htap_download_template", map[string]any{"instance_id": emulator.HTAPInstanceID}))
	a := artifactOf(results{"": r}, "")
	preview, _ := a["preview"].(map[string]any)
	sheets, _ := preview["sheets"].([]any)
	if preview["kind"] != "xlsx" || len(sheets) == 0 {
		t.Fatalf("the preview is %v", preview)
	}
	sheet, _ := sheets[0].(map[string]any)
	rows := structured(t, s.call(t, "artifact_read", map[string]any{"uri": a["uri"], "sheet": sheet["name"], "offset": 1, "limit": 1}))
	head, _ := sheet["head"].([]any)
	if got, _ := rows["rows"].([]any); len(got) != 1 || len(head) < 2 || fmt.Sprint(got[0]) != fmt.Sprint(head[1]) {
		t.Errorf("rows %v of %v", rows, sheet)
	}
	r = structured(t, s.call(t, "rfs_show_template_version_content", map[string]any{"template_name": emulator.RFSZipTemplateName, "version_id": "V2"}))
	if text := fmt.Sprint(artifactOf(results{"": r}, "")["preview"]); !strings.Contains(text, "modules/network/网络.tf") {
		t.Errorf("the preview is %s", text)
	}
}

func TestResources(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{})
	text := structured(t, s.call(t, "rfs_show_template_version_content", map[string]any{"template_name": emulator.RFSChineseTemplateName}))
	archive := structured(t, s.call(t, downloadArchive, archiveArguments()))
	waitFor(t, "the news of resources", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.changed >= 2
	})
	list, err := s.ListResources(t.Context(), nil)
	if err != nil || len(list.Resources) != 2 {
		t.Fatalf("listed %+v, %v", list, err)
	}
	uris := []string{fmt.Sprint(artifactOf(results{"": archive}, "")["uri"]), fmt.Sprint(artifactOf(results{"": text}, "")["uri"])}
	for n, resource := range list.Resources { // the newest first
		if resource.URI != uris[n] || resource.Size == 0 || resource.MIMEType == "" {
			t.Errorf("resource %d is %+v", n, resource)
		}
	}
	read, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uris[1]})
	if err != nil || len(read.Contents) != 1 || read.Contents[0].Text != text["content"] {
		t.Errorf("read %+v, %v", read, err)
	}
	unescaped, err := url.PathUnescape(uris[1])
	if err != nil || unescaped == uris[1] {
		t.Fatalf("%s has nothing to unescape, %v", uris[1], err)
	}
	read, err = s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: unescaped})
	if err != nil || len(read.Contents) != 1 || read.Contents[0].URI != uris[1] {
		t.Errorf("with an unescaped name it read %+v, %v", read, err)
	}
	read, err = s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uris[0]})
	content, _ := s.cloud.Content("roma/" + emulator.ROMAArchiveID)
	if err != nil || len(read.Contents) != 1 || !bytes.Equal(read.Contents[0].Blob, content) {
		t.Errorf("the archive was read wrongly, %v", err)
	}
	for uri, want := range map[string]string{
		"artifact://00000000000000000000000000000000/a.zip": "there is no artifact", "artifact://x/a.zip": "32 hexadecimal digits",
		"artifact://00000000000000000000000000000000/a+b=c&d@e$.txt":         "there is no artifact",
		"artifact://00000000000000000000000000000000/..%2f..%2fetc%2fpasswd": "no artifact can have",
	} {
		if _, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s was answered by %v", uri, err)
		}
	}
}

// TestSubscription hears of a file that is stored again, in the revision that has resources/subscribe.
func TestSubscription(t *testing.T) {
	t.Parallel()
	s := startServerSpeaking(t, "2025-11-25", startCloud(t, emulator.Config{}))
	arguments := map[string]any{"template_name": emulator.RFSTemplateName}
	uri := fmt.Sprint(artifactOf(results{"": structured(t, s.call(t, "rfs_show_template_version_content", arguments))}, "")["uri"])
	if err := s.Subscribe(t.Context(), &mcp.SubscribeParams{URI: uri}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the news of the resource", func() bool {
		s.call(t, "rfs_show_template_version_content", arguments)
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Contains(s.updated, uri)
	})
}

func TestResourceTooLargeToSend(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Config{ArchiveSize: 7 << 20})
	a := artifactOf(results{"": structured(t, s.call(t, downloadArchive, archiveArguments()))}, "")
	_, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: fmt.Sprint(a["uri"])})
	if err == nil || !strings.Contains(err.Error(), "artifact_read") || !strings.Contains(err.Error(), fmt.Sprint(a["path"])) {
		t.Errorf("answered by %v", err)
	}
}
