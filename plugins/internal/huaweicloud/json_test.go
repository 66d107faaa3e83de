package huaweicloud

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/sdk"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req-1")
		w.WriteHeader(http.StatusAccepted)
		write(w, `{"id":"a","status":"SUCCESS","unknown":{"more":1}}`)
	})
	c, _ := client(t, DRS, withKey(DRS, server))
	var out struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	response, err := c.JSON(t.Context(), Target{}, listJobs(), &out)
	if err != nil {
		t.Fatal(err)
	}
	if out.ID != "a" || out.Status != "SUCCESS" || response.Status != 202 || response.RequestID != "req-1" {
		t.Errorf("got %+v, %+v", out, response)
	}
}

func TestJSONRefusesOtherReplies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		code  sdk.Code
		parts []string
	}{
		"error in a success": {`{"error_code":"DRS.10030009","error_msg":"Download template file failed."}`, sdk.CodeUnknown, []string{"HTTP 200", "DRS.10030009"}},
		"web page":           {"<html><title>Sign in to the Wi-Fi</title>", sdk.CodeUnavailable, []string{"Sign in to the Wi-Fi"}},
		"empty":              {"", sdk.CodeUnavailable, []string{"empty reply"}},
		"cut":                {`{"id":`, sdk.CodeUnavailable, []string{"not the documented JSON"}},
		"other type":         {`{"id":{}}`, sdk.CodeUnavailable, []string{"not the documented JSON"}},
		"huge":               {`{"id":"` + strings.Repeat("x", maxReplyBody) + `"}`, sdk.CodeUnavailable, []string{"16 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, test.body) })
			c, _ := client(t, DRS, withKey(DRS, server))
			var out struct {
				ID string `json:"id"`
			}
			_, err := c.JSON(t.Context(), Target{}, listJobs(), &out)
			e := problemOf(t, err)
			mention(t, e, test.parts...)
			if e.Code != test.code || e.Source != sdk.SourceCloud {
				t.Errorf("got %s, %s", e.Code, e.Source)
			}
		})
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	header := func(status int, location, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(status)
			write(w, body)
		}
	}
	content := Request{Operation: "ShowTemplateVersionContent", Path: []string{"v1", ProjectSegment, "templates", "a", "versions", "V1"}}
	link := "https://b.obs.cn-north-4.myhuaweicloud.com/k%2Fl?AccessKeyId=x&Expires=1&Signature=" + testSignature
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    string
		parts   []string
	}{
		"307":            {header(307, link, ""), link, nil},
		"302":            {header(302, link, ""), link, nil},
		"200 without":    {header(200, "", "{}"), "", []string{"no link"}},
		"200 with error": {header(200, "", `{"error_code":"RF.1","error_msg":"gone"}`), "", []string{"RF.1", "gone"}},
		"307 without":    {header(307, "", ""), "", []string{"no link"}},
		"not a URL":      {header(307, "http://%zz", ""), "", []string{"not a URL"}},
		"404":            {header(404, "", `{"error_code":"RF.2","error_msg":"no template"}`), "", []string{"RF.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(t, RFS, withKey(RFS, serve(t, test.handler)))
			got, _, err := c.Redirect(t.Context(), Target{}, content)
			if test.want != "" {
				if err != nil || got.String() != test.want {
					t.Fatalf("got %v, %v", got, err)
				}
				return
			}
			mention(t, problemOf(t, err), test.parts...)
		})
	}
}

// TestClientRequestID checks the header that RFS insists on: one for a call, the same for its retries.
func TestClientRequestID(t *testing.T) {
	t.Parallel()
	var ids []string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get("Client-Request-Id"))
		if len(ids) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		write(w, "{}")
	})
	for _, service := range []Service{RFS, RFS, DRS} {
		c, _ := client(t, service, withKey(service, server))
		if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 4 || len(ids[0]) != 36 || ids[0] != ids[1] || ids[2] == ids[0] || ids[3] != "" {
		t.Errorf("got %v", ids)
	}
}

func TestBadPath(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	c, _ := client(t, DRS, withKey(DRS, server))
	for _, segment := range []string{"", ".", ".."} {
		_, err := c.JSON(t.Context(), Target{}, Request{Operation: "X", Path: []string{"v5", segment}}, nil)
		if e := problemOf(t, err); e.Code != sdk.CodeInvalidArgument {
			t.Errorf("%q: got %s", segment, e.Code)
		}
	}
}

func TestBodyAsSent(t *testing.T) {
	t.Parallel()
	got, err := encodeBody(map[string]any{"jobs": []string{"a&b<c>一"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"jobs":["a&b<c>一"]}`, string(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := encodeBody(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}
