package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// This file checks SDK-HMAC-SHA256 as the API Signing Guide describes it
// (https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html).

const (
	algorithm       = "SDK-HMAC-SHA256"
	dateFormat      = "20060102T150405Z"
	headerDate      = "X-Sdk-Date"
	headerHash      = "X-Sdk-Content-Sha256"
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// authorization is the Authorization header of a signed request.
type authorization struct {
	access    string
	signed    []string // lower case
	signature string
}

// parseAuthorization reads "SDK-HMAC-SHA256 Access=…, SignedHeaders=a;b, Signature=…".
func parseAuthorization(header string) (authorization, error) {
	var auth authorization
	fields, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return auth, fmt.Errorf("the algorithm is not %s", algorithm)
	}
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Access":
			auth.access = value
		case "SignedHeaders":
			auth.signed = strings.Split(strings.ToLower(value), ";")
		case "Signature":
			auth.signature = value
		}
	}
	if auth.access == "" || auth.signature == "" || len(auth.signed) == 0 {
		return auth, fmt.Errorf("one of Access, SignedHeaders and Signature is missing")
	}
	return auth, nil
}

func (a authorization) covers(header string) bool {
	return slices.Contains(a.signed, strings.ToLower(header))
}

// sign returns the signature that a request should carry.
func (a authorization) sign(secret string, r *http.Request, body []byte) (string, error) {
	canonical, err := a.canonicalRequest(r, body)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(fmt.Appendf(nil, "%s\n%s\n%s", algorithm, r.Header.Get(headerDate), hexHash([]byte(canonical))))
	return hex.EncodeToString(mac.Sum(nil)), nil
}

func (a authorization) canonicalRequest(r *http.Request, body []byte) (string, error) {
	path, err := canonicalPath(r.URL.EscapedPath())
	if err != nil {
		return "", err
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	hash := hexHash(body)
	if a.covers(headerHash) && r.Header.Get(headerHash) == unsignedPayload {
		hash = unsignedPayload
	}
	return strings.Join([]string{r.Method, path, query, a.canonicalHeaders(r), strings.Join(a.signed, ";"), hash}, "\n"), nil
}

// canonicalPath decodes and encodes each segment again, and ends with a slash.
func canonicalPath(escaped string) (string, error) {
	segments := strings.Split(escaped, "/")
	for n, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return "", fmt.Errorf("decoding the path: %w", err)
		}
		segments[n] = percentEncode(decoded)
	}
	path := strings.Join(segments, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path, nil
}

// canonicalQuery sorts by name, then by value.
func canonicalQuery(raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", fmt.Errorf("decoding the query: %w", err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var pairs []string
	for _, name := range names {
		slices.Sort(values[name])
		for _, value := range values[name] {
			pairs = append(pairs, percentEncode(name)+"="+percentEncode(value))
		}
	}
	return strings.Join(pairs, "&"), nil
}

// canonicalHeaders writes a line for each value of each signed header, the last line included.
func (a authorization) canonicalHeaders(r *http.Request) string {
	var lines strings.Builder
	for _, name := range a.signed {
		for _, value := range signedValues(r, name) {
			lines.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return lines.String()
}

// signedValues finds a header where net/http keeps it.
func signedValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return []string{r.Host}
	case "content-length":
		return []string{fmt.Sprint(r.ContentLength)}
	default:
		return slices.Sorted(slices.Values(r.Header.Values(name)))
	}
}

// percentEncode keeps the unreserved characters of RFC 3986 and encodes every other byte in upper case.
func percentEncode(text string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	var out strings.Builder
	for n := range len(text) {
		if strings.IndexByte(unreserved, text[n]) >= 0 {
			out.WriteByte(text[n])
		} else {
			fmt.Fprintf(&out, "%%%02X", text[n])
		}
	}
	return out.String()
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
