package huaweicloud

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"mcp-server/sdk/sdktest"
)

func TestDownload(t *testing.T) {
	t.Parallel()
	content := xlsxOf(t)
	server := serve(t, body(content, "Content-Disposition", "attachment; filename*=UTF-8''%E6%A8%A1%E6%9D%BF.xlsx"))
	c, _ := client(t, HTAP, withKey(HTAP, server))
	r := run(t, downloadTool(c, template(), Download{
		Name: "fallback", NameFromHeader: true, Expect: KindXLSX, IDs: map[string]string{"instance_id": "i"},
	}))
	out := sdktest.Decode[downloadOut](t, r)
	a := out.Artifacts[0]
	stored, err := os.ReadFile(a.Path)
	if err != nil || !bytes.Equal(stored, content) {
		t.Errorf("the stored file differs: %v", err)
	}
	if a.Name != "模板.xlsx" || a.MediaType != KindXLSX.mediaType() || a.Size != int64(len(content)) ||
		a.Source.Operation != "DownloadImportExcelTemplate" || a.Source.RequestID != "req-9" || a.Source.IDs["instance_id"] != "i" {
		t.Errorf("got %+v", a)
	}
	if out.Kind != "xlsx" {
		t.Errorf("got %+v", out)
	}
	if last := r.Progress[len(r.Progress)-1]; last.Done != float64(len(content)) || last.Total != float64(len(content)) {
		t.Errorf("progress ends with %+v", last)
	}
}

func TestKindsAndNames(t *testing.T) {
	t.Parallel()
	extensions := map[Kind]string{KindText: ".tf", KindJSON: ".tf.json"}
	for name, test := range map[string]struct {
		content []byte
		d       Download
		file    string
		kind    Kind
	}{
		"text":        {[]byte("resource \"a\" \"b\" {}\n"), Download{Name: "网络-V1.2", Extensions: extensions}, "网络-V1.2.tf", KindText},
		"json":        {[]byte(`{"resource":{}}`), Download{Name: "net", Extensions: extensions}, "net.tf.json", KindJSON},
		"zip":         {zipOf(t, "main.tf", "x"), Download{Name: "net", Extensions: extensions}, "net.zip", KindZIP},
		"empty zip":   {zipOf(t), Download{Name: "net", Expect: KindZIP}, "net.zip", KindZIP},
		"xlsx as zip": {xlsxOf(t), Download{Name: "files", Expect: KindZIP}, "files.xlsx", KindXLSX},
		"binary":      {[]byte("\x00\x01\x02"), Download{Name: "x"}, "x", KindBinary},
		"long text":   {[]byte(strings.Repeat("模", maxHead)), Download{Name: "x"}, "x.txt", KindText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(t, RFS, withKey(RFS, serve(t, body(test.content))))
			out := sdktest.Decode[downloadOut](t, run(t, downloadTool(c, template(), test.d)))
			if out.Artifacts[0].Name != test.file || out.Kind != string(test.kind) {
				t.Errorf("got %s, %s", out.Artifacts[0].Name, out.Kind)
			}
		})
	}
}

func TestErrorsInDisguise(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		expect  Kind
		parts   []string
	}{
		"json for xlsx": {`{"error_code":"DBS.200002","error_msg":"no instance"}`, KindXLSX, []string{"HTTP 200", "DBS.200002", "no instance", "req-9"}},
		"json for any":  {`{"error_code":"RF.1","error_msg":"no"}`, KindAny, []string{"RF.1"}},
		"obs xml":       {`<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>`, KindAny, []string{"NoSuchKey"}},
		"web page":      {"\n<!DOCTYPE html><title>Login</title>", KindAny, []string{"a web page", "Login"}},
		"web page, zip": {"<html>x</html>", KindZIP, []string{"a web page"}},
		"empty":         {"", KindXLSX, []string{"an empty file"}},
		"empty, any":    {"", KindAny, []string{"an empty file"}},
		"text for xlsx": {"instance,table\n", KindXLSX, []string{"is text and not xlsx", "instance,table"}},
		"zip for xlsx":  {string(zipOf(t, "a", "b")), KindXLSX, []string{"is zip and not xlsx"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				body([]byte(test.content))(w, r)
			})
			c, _ := client(t, HTAP, withKey(HTAP, server))
			r := run(t, downloadTool(c, template(), Download{Name: "x", Expect: test.expect}))
			mention(t, refusal(t, r), test.parts...)
			if asked.Load() != 1 || len(r.Kept) != 0 {
				t.Errorf("asked %d times, kept %v", asked.Load(), r.Kept)
			}
		})
	}
}
