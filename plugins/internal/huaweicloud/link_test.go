package huaweicloud

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

func linkTool(c *Client, links func() string) sdk.Tool {
	return tool(func(ctx context.Context, call *sdk.Call, _ Target) (DownloadResult, error) {
		return c.DownloadLink(ctx, Target{}, func(context.Context) (*url.URL, error) { return url.Parse(links()) }, call,
			Download{Name: "net-V1", Operation: "ShowTemplateVersionContent", Extensions: map[Kind]string{KindText: ".tf"}})
	})
}

const signed = "?AccessKeyId=AK&Expires=4102444800&Signature=" + testSignature + "%2B%3D"

// storage stands for OBS: it refuses what would break a pre-signed link's signature.
func storage(t *testing.T, asked *atomic.Int32, statuses ...int) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		at := int(asked.Add(1)) - 1
		for name := range r.Header {
			if name != "User-Agent" {
				t.Errorf("the link was asked for with header %s", name)
			}
		}
		if !strings.HasPrefix(r.RequestURI, "/b%2Fk/%E6%A8%A1.tf"+signed) {
			t.Errorf("the link was changed on its way: %s", r.RequestURI)
		}
		w.Header().Set("x-obs-request-id", "obs-1")
		if at < len(statuses) && statuses[at] != 200 {
			w.WriteHeader(statuses[at])
			write(w, `<Error><Code>AccessDenied</Code><Message>Request has expired: `+testSignature+`+=</Message></Error>`)
			return
		}
		write(w, "resource \"a\" \"b\" {}")
	})
}

func TestDownloadLink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		statuses []int
		links    int32
		asked    int32
		parts    []string // of the error; none for success
	}{
		"at once":         {nil, 1, 1, nil},
		"expired":         {[]int{403}, 2, 2, nil},
		"refused twice":   {[]int{403, 403}, 2, 2, []string{"AccessDenied", "[redacted]", "obs-1"}},
		"gone":            {[]int{404}, 1, 1, []string{"no longer in the object storage"}},
		"server trouble":  {[]int{503}, 1, 2, nil},
		"trouble, expiry": {[]int{503, 403}, 2, 3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked, links atomic.Int32
			server := storage(t, &asked, test.statuses...)
			c, _ := client(t, RFS, withKey(RFS, server).with(envToken, testToken))
			r := run(t, linkTool(c, func() string {
				links.Add(1)
				return server.URL + "/b%2Fk/%E6%A8%A1.tf" + signed
			}))
			if test.parts != nil {
				mention(t, refusal(t, r), test.parts...)
			} else if out := sdktest.Decode[downloadOut](t, r); out.Artifacts[0].Name != "net-V1.tf" || out.Head != `resource "a" "b" {}` ||
				out.Artifacts[0].Source.RequestID != "obs-1" || out.Artifacts[0].Source.Operation != "ShowTemplateVersionContent" {
				t.Errorf("got %+v", out)
			}
			if links.Load() != test.links || asked.Load() != test.asked {
				t.Errorf("%d links and %d requests, want %d and %d", links.Load(), asked.Load(), test.links, test.asked)
			}
		})
	}
}

// TestLinkThatHasExpiredAlready must ask for another link without trying the first, but try the second whatever this machine's clock says.
func TestLinkThatHasExpiredAlready(t *testing.T) {
	t.Parallel()
	var asked, links atomic.Int32
	server := storage(t, &asked)
	c, _ := client(t, RFS, withKey(RFS, server))
	c.now = func() time.Time { return time.Unix(4102444800, 0) }
	sdktest.Decode[downloadOut](t, run(t, linkTool(c, func() string {
		links.Add(1)
		return server.URL + "/b%2Fk/%E6%A8%A1.tf" + signed
	})))
	if links.Load() != 2 || asked.Load() != 1 {
		t.Errorf("%d links and %d requests", links.Load(), asked.Load())
	}
}

func TestLinksThatAreRefused(t *testing.T) {
	t.Parallel()
	public := environment{envAK: testAK, envSK: testSK, envRegion: "cn-north-4", envProject: testProject}
	local := environment{envEndpoint + "RFS": "http://127.0.0.1:1"}
	for _, test := range []struct {
		e          environment
		link, want string
	}{
		{public, "http://b.obs.cn-north-4.myhuaweicloud.com/k" + signed, "not https"},
		{public, "https://127.0.0.1/k" + signed, "this machine"},
		{public, "https://localhost/k" + signed, "this machine"},
		{public, "https://169.254.169.254/k" + signed, "this machine"},
		{public, "http://127.0.0.1/k" + signed, "not https"},
		{public, "https://u:p@b.obs.x/k" + signed, "plain URL"},
		{public, "file:///etc/passwd", "plain URL"},
		{local, "http://b.obs.cn-north-4.myhuaweicloud.com/k" + signed, "not https"},
		{local, "ftp://127.0.0.1/k" + signed, "not https"},
	} {
		c, _ := client(t, RFS, test.e)
		mention(t, refusal(t, run(t, linkTool(c, func() string { return test.link }))), "refused", test.want)
	}
	for _, link := range []string{"https://b.obs.cn-north-4.myhuaweicloud.com/k", "https://obs.corp.example:8443/k"} {
		c, _ := client(t, RFS, public)
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.checkLink(u); err != nil {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func TestLinkErrorsPassThrough(t *testing.T) {
	t.Parallel()
	c, _ := client(t, RFS, environment{})
	broken := tool(func(ctx context.Context, call *sdk.Call, _ Target) (DownloadResult, error) {
		return c.DownloadLink(ctx, Target{}, func(context.Context) (*url.URL, error) { return nil, errors.New("no link today") }, call, Download{})
	})
	mention(t, refusal(t, run(t, broken)), "no link today")
}

func TestLinkIsRedirected(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	c, _ := client(t, RFS, withKey(RFS, server))
	mention(t, refusal(t, run(t, linkTool(c, func() string { return server.URL + "/k" + signed }))), "a redirect")
	if asked.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestLinkExpiry(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]int64{
		"Expires=1175139620&Signature=x":                                1175139620,
		"X-Amz-Date=20260304T050607Z&X-Amz-Expires=300&X-Amz-Signature": testNow.Unix() + 300,
		"X-Obs-Date=20260304T050607Z&X-Obs-Expires=60":                  testNow.Unix() + 60,
		"X-Amz-Date=yesterday&X-Amz-Expires=300":                        -1,
		"":                                                              -1,
	} {
		end, known := linkExpiry(&url.URL{RawQuery: query})
		if known != (want >= 0) || known && end.Unix() != want {
			t.Errorf("%s: got %v, %t", query, end, known)
		}
	}
}
