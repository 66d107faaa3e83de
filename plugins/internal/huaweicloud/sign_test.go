package huaweicloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
)

// TestPublishedVectors uses the worked example of the API Signing Guide and the official SDK's own test values.
func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/signing.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name, AK, SK, Method, URL, Body, Signature string
			Headers                                    map[string]string
			SignedHeaders                              string `json:"signed_headers"`
			CanonicalSHA256                            string `json:"canonical_sha256"`
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 3 {
		t.Fatalf("only %d vectors", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(v.URL)
			if err != nil {
				t.Fatal(err)
			}
			names := firstOf(v.SignedHeaders, "x-sdk-date")
			signed := map[string]string{}
			for name, value := range v.Headers {
				if slices.Contains(strings.Split(names, ";"), strings.ToLower(name)) {
					signed[strings.ToLower(name)] = value
				}
			}
			want := fmt.Sprintf("SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s", v.AK, names, v.Signature)
			if got := authorization(v.Method, u, signed, []byte(v.Body), v.AK, v.SK); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			canonical, _ := canonicalRequest(v.Method, u, signed, []byte(v.Body))
			hash := sha256.Sum256([]byte(canonical))
			if got := hex.EncodeToString(hash[:]); v.CanonicalSHA256 != "" && got != v.CanonicalSHA256 {
				t.Errorf("canonical request hash %s, want %s", got, v.CanonicalSHA256)
			}
		})
	}
}

// TestSameAsOfficialSigner compares with the official SDK's signer on what the published vectors leave out.
func TestSameAsOfficialSigner(t *testing.T) {
	t.Parallel()
	paths := [][]string{
		{"v1", "p", "templates"}, {"v1", "p", "templates", "模板 一", "versions", "V1"}, {"a+b", "c&d=e", "f~g", "h:i@j", "k%2Fl", "m%n"},
		{"100%", "(x)", "a'b", "*!"},
	}
	for _, path := range paths {
		u, err := requestURL(&url.URL{Scheme: "https", Host: "rfs.example.com"}, path, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		headers := map[string]string{"X-Sdk-Date": "20260102T030405Z", "X-Project-Id": "p", "X-Language": "zh-cn"}
		official, err := signer.Sign(request.NewHttpRequestBuilder().WithEndpoint("https://rfs.example.com").WithMethod("GET").
			WithPath("/"+strings.Join(path, "/")).AddHeaderParam("X-Sdk-Date", headers["X-Sdk-Date"]).
			AddHeaderParam("X-Project-Id", "p").AddHeaderParam("X-Language", "zh-cn").Build(), "AccessKey", "SecretKey")
		if err != nil {
			t.Fatal(err)
		}
		signed := map[string]string{}
		for name, value := range headers {
			signed[strings.ToLower(name)] = value
		}
		if got, want := authorization("GET", u, signed, nil, "AccessKey", "SecretKey"), official["Authorization"]; got != want {
			t.Errorf("%q: got %s, the official signer has %s", path, got, want)
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	got := canonicalQuery(url.Values{
		"limit": {"1"}, "enable": {"true"}, "test": {"一 (&=?!#%.*)"}, "path": {"/tmp/123"}, "multi": {"3", "1", "2"}, "empty": {""},
	})
	// The official SDK's test value, and an empty value besides.
	want := "empty=&enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// verify checks a signature from what came over the wire, without the code under test.
func verify(r *http.Request, body []byte, sk string) error {
	_, list, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	list, signature, _ := strings.Cut(list, ", Signature=")
	path, query, _ := strings.Cut(r.RequestURI, "?")
	canonical := r.Method + "\n" + path + "/\n" + query + "\n"
	for _, name := range strings.Split(list, ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + value + "\n"
	}
	bodyHash := sha256.Sum256(body)
	canonical += "\n" + list + "\n" + hex.EncodeToString(bodyHash[:])
	hash := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(sk))
	mac.Write(fmt.Appendf(nil, "SDK-HMAC-SHA256\n%s\n%x", r.Header.Get("X-Sdk-Date"), hash))
	if want := hex.EncodeToString(mac.Sum(nil)); want != signature {
		return fmt.Errorf("signature %s, want %s over %q", signature, want, canonical)
	}
	return nil
}

// TestSignedIsSent sends awkward names and checks that the very bytes on the wire were signed.
func TestSignedIsSent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, wire := range map[string]string{
		"plain": "plain", "模板一": "%E6%A8%A1%E6%9D%BF%E4%B8%80", "a/b": "a%2Fb", "a b+c": "a%20b%2Bc", "50%": "50%25", "%41": "%2541",
		"a:b@c&d=e,f;g": "a%3Ab%40c%26d%3De%2Cf%3Bg", "q?x#y": "q%3Fx%23y",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var uri string
			var bad error
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				uri, bad = r.RequestURI, nil
				if !strings.Contains(name, "/") { // a server cannot tell an escaped slash; it is here for the wire form only
					bad = verify(r, nil, testSK)
				}
				write(w, "{}")
			})
			c, _ := client(t, RFS, withKey(RFS, server).with(envSecurityToken, testSecurityToken))
			c.now = func() time.Time { return now }
			_, err := c.JSON(t.Context(), Target{}, Request{
				Operation: "X", Path: []string{"v1", ProjectSegment, name}, Query: url.Values{"b": {"2 +/"}, "a": {"模", "1"}},
			}, nil)
			if err != nil || bad != nil {
				t.Fatal(err, bad)
			}
			if want := "/v1/" + testProject + "/" + wire + "?a=1&a=%E6%A8%A1&b=2%20%2B%2F"; uri != want {
				t.Errorf("sent %s\nwant %s", uri, want)
			}
		})
	}
}

func TestHeadersOfASignedRequest(t *testing.T) {
	t.Parallel()
	var got http.Header
	var bad error
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		got, bad = r.Header, verify(r, body, testSK)
		write(w, "{}")
	})
	c, _ := client(t, DRS, withKey(DRS, server).with(envSecurityToken, testSecurityToken))
	_, err := c.JSON(t.Context(), Target{}, Request{
		Operation: "ExportCreationTemplate", Method: "POST", Path: []string{"v5", ProjectSegment, "jobs", "export", "template"},
		Header: http.Header{"X-Language": {"zh-cn"}}, Body: map[string]any{"jobs": []string{"<一>&"}},
	}, nil)
	if err != nil || bad != nil {
		t.Fatal(err, bad)
	}
	for name, want := range map[string]string{
		"X-Security-Token": testSecurityToken, "X-Project-Id": testProject, "X-Language": "zh-cn", "Content-Type": "application/json",
		"User-Agent": userAgent, "Accept-Encoding": "", "X-Auth-Token": "",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	if strings.Contains(strings.ToLower(got.Get("Authorization")), "user-agent") {
		t.Error("User-Agent is signed, which proxies rewrite")
	}
}
