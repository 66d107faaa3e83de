package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vectors are published values; testdata/signing.json names the sources.
type vectors struct {
	Vectors []struct {
		Name, AK, SK, Method, URL, Body, Signature string
		Headers                                    map[string]string
		SignedHeaders                              string `json:"signed_headers"`
		CanonicalSHA256                            string `json:"canonical_sha256"`
	}
	Queries struct {
		Vectors []struct{ Raw, Canonical string }
	}
	Links struct {
		Vectors []struct{ SK, Expires, Path, Signature string }
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/signing.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Vectors) != 3 || len(v.Queries.Vectors) != 1 || len(v.Links.Vectors) != 2 {
		t.Fatalf("vectors are missing: %+v", v)
	}
	return v
}

func TestPublishedSignatures(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), v.Method, v.URL, strings.NewReader(v.Body))
			for name, value := range v.Headers {
				r.Header.Set(name, value)
			}
			auth, err := parseAuthorization("SDK-HMAC-SHA256 Access=" + v.AK + ", SignedHeaders=" + v.SignedHeaders +
				", Signature=" + v.Signature)
			if err != nil {
				t.Fatal(err)
			}
			canonical, err := auth.canonicalRequest(r, []byte(v.Body))
			if err != nil {
				t.Fatal(err)
			}
			if v.CanonicalSHA256 != "" && hexHash([]byte(canonical)) != v.CanonicalSHA256 {
				t.Errorf("canonical request has another hash than the published one:\n%s", canonical)
			}
			got, err := auth.sign(v.SK, r, []byte(v.Body))
			if err != nil {
				t.Fatal(err)
			}
			if got != auth.signature {
				t.Errorf("signature %s, published %s; canonical request:\n%s", got, auth.signature, canonical)
			}
		})
	}
}

func TestPublishedQueriesAndLinks(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Queries.Vectors {
		got, err := canonicalQuery(v.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v.Canonical, got); diff != "" {
			t.Errorf("canonical query (-published +got):\n%s", diff)
		}
	}
	for _, v := range readVectors(t).Links.Vectors {
		if got := linkSignature(v.SK, http.MethodGet, v.Expires, v.Path); got != v.Signature {
			t.Errorf("link signature of %s is %s, published %s", v.Path, got, v.Signature)
		}
	}
}

func TestCanonicalPath(t *testing.T) {
	t.Parallel()
	for escaped, want := range map[string]string{
		"/":                  "/",
		"/v1/p":              "/v1/p/",
		"/v1/p/":             "/v1/p/",
		"/a%2Fb":             "/a%2Fb/",
		"/%e7%bd%91/V1":      "/%E7%BD%91/V1/",
		"/with%20space/a+b~": "/with%20space/a%2Bb~/",
	} {
		if got, err := canonicalPath(escaped); err != nil || got != want {
			t.Errorf("canonicalPath(%q) = %q, %v, want %q", escaped, got, err, want)
		}
	}
	if _, err := canonicalPath("/%zz"); err == nil {
		t.Error("a broken escape was accepted")
	}
}

func TestUnsignedPayloadNeedsASignedHeader(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/x", nil)
	r.Header.Set(headerHash, unsignedPayload)
	signed, err := authorization{signed: []string{"x-sdk-content-sha256"}}.canonicalRequest(r, []byte("body"))
	if err != nil || !strings.HasSuffix(signed, "\n"+unsignedPayload) {
		t.Errorf("a signed UNSIGNED-PAYLOAD was not used: %v\n%s", err, signed)
	}
	unsigned, err := authorization{signed: []string{"host"}}.canonicalRequest(r, []byte("body"))
	if err != nil || !strings.HasSuffix(unsigned, "\n"+hexHash([]byte("body"))) {
		t.Errorf("the header counted although it is not signed: %v\n%s", err, unsigned)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature=00")
	f.Add("SDK-HMAC-SHA256 ")
	f.Fuzz(func(t *testing.T, header string) {
		auth, err := parseAuthorization(header)
		if err == nil && (auth.access == "" || auth.signature == "") {
			t.Errorf("%q was accepted as %+v", header, auth)
		}
	})
}
