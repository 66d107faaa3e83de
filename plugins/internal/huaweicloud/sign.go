package huaweicloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	signatureName = "SDK-HMAC-SHA256"
	signatureDate = "20060102T150405Z"
	dateHeader    = "X-Sdk-Date"
)

// sign adds date and signature to a request that is otherwise complete. The method is that of the API Signing Guide
// (https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html). Host is signed, and every header
// except those that a proxy may rewrite.
func sign(r *http.Request, body []byte, ak, sk string, now time.Time) {
	r.Header.Set(dateHeader, now.UTC().Format(signatureDate))
	signed := map[string]string{"host": r.URL.Host}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if name == "user-agent" || strings.Contains(name, "_") {
			continue
		}
		signed[name] = strings.TrimSpace(strings.Join(values, ","))
	}
	r.Header.Set("Authorization", authorization(r.Method, r.URL, signed, body, ak, sk))
}

// authorization computes the header's value. The signed headers have lower-case names and include x-sdk-date.
func authorization(method string, u *url.URL, signed map[string]string, body []byte, ak, sk string) string {
	canonical, names := canonicalRequest(method, u, signed, body)
	hash := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{signatureName, signed["x-sdk-date"], hex.EncodeToString(hash[:])}, "\n")
	mac := hmac.New(sha256.New, []byte(sk))
	mac.Write([]byte(text))
	return signatureName + " Access=" + ak + ", SignedHeaders=" + names + ", Signature=" + hex.EncodeToString(mac.Sum(nil))
}

func canonicalRequest(method string, u *url.URL, signed map[string]string, body []byte) (canonical, names string) {
	path := make([]string, 0, strings.Count(u.Path, "/")+1)
	for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
		if plain, err := url.PathUnescape(segment); err == nil {
			segment = plain
		}
		path = append(path, escape(segment))
	}
	uri := strings.Join(path, "/")
	if !strings.HasSuffix(uri, "/") {
		uri += "/" // signed so, though not sent
	}
	list := make([]string, 0, len(signed))
	for name := range signed {
		list = append(list, name)
	}
	slices.Sort(list)
	var headers strings.Builder
	for _, name := range list {
		headers.WriteString(name + ":" + signed[name] + "\n")
	}
	names = strings.Join(list, ";")
	hash := sha256.Sum256(body)
	return strings.Join([]string{
		method, uri, canonicalQuery(u.Query()), headers.String(), names, hex.EncodeToString(hash[:]),
	}, "\n"), names
}

// canonicalQuery sorts names and values and escapes them; it is sent as well as signed.
func canonicalQuery(query url.Values) string {
	pairs := make([]string, 0, len(query))
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := slices.Sorted(slices.Values(query[name]))
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

// escape is percent-encoding of everything but RFC 3986's unreserved characters.
func escape(s string) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		default:
			b.WriteString("%" + string(upperHex[c>>4]) + string(upperHex[c&15]))
		}
	}
	return b.String()
}
