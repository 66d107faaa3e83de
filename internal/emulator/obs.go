package emulator

import (
	"crypto/hmac"
	"crypto/md5"  // an ETag is an MD5
	"crypto/sha1" // the V2 link signature is HMAC-SHA1
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The object store's own key: users of RFS never see its secret.
const (
	obsBucket = "rfs-templates-emulator"
	obsAK     = "EMULATOROBSACCESSKEY"
	obsSK     = "emulator-obs-key-that-opens-nothing"
)

// objects is OBS as far as a pre-signed link reaches
// (https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0011.html).
type objects struct {
	emulator *Emulator
	byPath   map[string][]byte // by escaped path, bucket included; complete before the first request
}

func newObjects(e *Emulator) *objects { return &objects{emulator: e, byPath: map[string][]byte{}} }

// objectPath is the escaped path of an object, which is also what a link signs.
func objectPath(key string) string { return escapePath("/" + obsBucket + "/" + key) }

// escapePath gives one spelling to what clients may escape in several ways.
func escapePath(path string) string {
	segments := strings.Split(path, "/")
	for n, segment := range segments {
		segments[n] = percentEncode(segment)
	}
	return strings.Join(segments, "/")
}

func (o *objects) put(key string, body []byte) { o.byPath[objectPath(key)] = body }

// link returns a pre-signed URL for a GET.
func (o *objects) link(key string, expires time.Time) string {
	path, seconds := objectPath(key), strconv.FormatInt(expires.Unix(), 10)
	query := url.Values{"AccessKeyId": {obsAK}, "Expires": {seconds},
		"Signature": {linkSignature(obsSK, http.MethodGet, seconds, path)}}
	return o.emulator.Endpoint(ServiceOBS) + path + "?" + query.Encode()
}

// linkSignature signs a request without any of the headers that take part in the signature.
func linkSignature(secret, method, expires, path string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(fmt.Appendf(nil, "%s\n\n\n%s\n%s", method, expires, path))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// get serves an object to whoever has a valid link and nothing else.
func (o *objects) get(c *call) (reply, error) {
	if err := checkLink(c); err != nil {
		return reply{}, err
	}
	if c.Method != http.MethodGet {
		return reply{}, fail(http.StatusMethodNotAllowed, "MethodNotAllowed",
			"The specified method is not allowed against this resource.")
	}
	body, ok := o.byPath[escapePath(c.URL.Path)]
	if !ok {
		return reply{}, fail(http.StatusNotFound, "NoSuchKey", "The resource you requested does not exist")
	}
	sum := md5.Sum(body) // an ETag is an MD5
	tag := `"` + hex.EncodeToString(sum[:]) + `"`
	header := http.Header{"Content-Type": {"binary/octet-stream"}, "Accept-Ranges": {"bytes"}, "Etag": {tag}}
	first, last, ok := parseRange(c.Header.Get("Range"), len(body))
	if condition := c.Header.Get("If-Range"); !ok || condition != "" && condition != tag {
		return reply{status: http.StatusOK, header: header, body: plain(body)}, nil
	}
	header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(body)))
	return reply{status: http.StatusPartialContent, header: header, body: plain(body[first : last+1])}, nil
}

func errLinkExpired() *failure {
	return fail(http.StatusForbidden, "AccessDenied", "Request has expired")
}

func errLinkSignature() *failure {
	return fail(http.StatusForbidden, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
}

// checkLink refuses, in this order: no link, a broken link, a wrong signature, an expired link.
func checkLink(c *call) error {
	query := c.URL.Query()
	expires := query.Get("Expires")
	if query.Get("AccessKeyId") != obsAK || expires == "" || query.Get("Signature") == "" {
		return fail(http.StatusForbidden, "AccessDenied", "AccessDenied")
	}
	seconds, err := strconv.ParseInt(expires, 10, 64)
	if err != nil {
		return fail(http.StatusForbidden, "AccessDenied", "Invalid Expires")
	}
	want := linkSignature(obsSK, c.Method, expires, escapePath(c.URL.Path))
	if strayHeader(c.Header) != "" || !hmac.Equal([]byte(want), []byte(query.Get("Signature"))) {
		return errLinkSignature()
	}
	if c.now.After(time.Unix(seconds, 0)) {
		return errLinkExpired()
	}
	return nil
}

// strayHeader returns a header that takes part in the signature, or that has no business at the object store. The
// real store would ignore some of the latter; here they betray a client that leaks its credentials.
func strayHeader(header http.Header) string {
	for name := range header {
		switch lower := strings.ToLower(name); lower {
		case "authorization", "content-type", "content-md5", "x-auth-token", "x-security-token", "x-sdk-date",
			"x-project-id", "client-request-id":
			return name
		default:
			if strings.HasPrefix(lower, "x-obs-") || strings.HasPrefix(lower, "x-amz-") {
				return name
			}
		}
	}
	return ""
}

// parseRange reads a single range. OBS sends the whole object when the range is not one, so does not ok.
func parseRange(text string, size int) (first, last int, ok bool) {
	spec, found := strings.CutPrefix(text, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !found || !dash {
		return 0, 0, false
	}
	if from == "" {
		count, err := strconv.Atoi(to)
		return max(size-count, 0), size - 1, err == nil && count > 0 && size > 0
	}
	first, err := strconv.Atoi(from)
	if err != nil || first < 0 || first >= size {
		return 0, 0, false
	}
	last = size - 1
	if to != "" {
		end, err := strconv.Atoi(to)
		if err != nil || end < first {
			return 0, 0, false
		}
		last = min(end, last)
	}
	return first, last, true
}
