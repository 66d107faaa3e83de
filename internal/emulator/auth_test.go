package emulator_test

import (
	"strings"
	"testing"
	"time"

	"mcp-server/internal/emulator"
)

const anyList = "/v5/{p}/templates"

func TestSignatureRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(c *client)
		want  string
	}{
		"wrong secret":  {func(c *client) { c.sk = "wrong" }, "verify aksk signature fail"},
		"unknown key":   {func(c *client) { c.ak = "NOSUCHKEY" }, "Get secretKey failed"},
		"clock behind":  {func(c *client) { c.clock.Advance(-16 * time.Minute) }, "signature expired"},
		"clock ahead":   {func(c *client) { c.clock.Advance(16 * time.Minute) }, "signature expired"},
		"temporary key": {func(c *client) { c.ak, c.sk = c.Credentials().TemporaryAK, c.Credentials().TemporarySK }, "Get secretKey failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newClock()
			c := start(t, emulator.Config{Clock: server.Now})
			c.get("DRS", anyList).want(t, 200, "count")
			test.spoil(c)
			got := c.get("DRS", anyList).want(t, 401, "Incorrect IAM authentication information: ")
			got.want(t, 401, test.want).want(t, 401, `"error_code":"APIGW.0301"`).want(t, 401, `"request_id":"`)
		})
	}
}

func TestSkewBelowTheLimitIsAccepted(t *testing.T) {
	t.Parallel()
	server := newClock()
	c := start(t, emulator.Config{Clock: server.Now})
	server.Advance(14 * time.Minute)
	c.get("DRS", anyList).want(t, 200, "count")
}

func TestTamperedRequests(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	path := c.request("GET", "DRS", anyList, "")
	c.sign(path, "")
	path.URL.Path = strings.Replace(path.URL.Path, "templates", "jobs", 1)
	c.do(path).want(t, 401, "verify aksk signature fail")

	query := c.request("GET", "DRS", anyList+"?limit=1", "")
	c.sign(query, "")
	query.URL.RawQuery = "limit=2"
	c.do(query).want(t, 401, "verify aksk signature fail")

	body := c.request("POST", "DRS", "/v5/{p}/templates/download", `{"files":["a"]}`)
	c.sign(body, `{"files":["b"]}`)
	c.do(body).want(t, 401, "verify aksk signature fail")

	unsignedDate := c.request("GET", "DRS", anyList, "")
	c.sign(unsignedDate, "")
	header := unsignedDate.Header.Get("Authorization")
	unsignedDate.Header.Set("Authorization", strings.Replace(header, ";x-sdk-date", "", 1))
	c.do(unsignedDate).want(t, 401, "verify aksk signature fail")

	other := c.request("GET", "DRS", anyList, "")
	other.Header.Set("Authorization", "SDK-HMAC-SM3 Access=a, SignedHeaders=b, Signature=c")
	c.do(other).want(t, 401, "verify aksk signature fail")
}

func TestOtherFormsOfTheSameRequestAreAccepted(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.get("DRS", anyList+"?offset=0&limit=5").want(t, 200, "count")
	c.get("DRS", "/v5/{p}/jobs?job_type=sync&name=a%20b%2Bc").want(t, 200, `"total_count":0`)
	c.get("RFS", "/v1/{p}/templates/%E7%BD%91%E7%BB%9C%E6%A8%A1%E6%9D%BF/metadata").want(t, 200, "网络模板")

	unsigned := c.request("POST", "DRS", "/v5/{p}/templates/download", `{"files":["a"]}`)
	unsigned.Header.Set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD")
	c.signPayloadless(unsigned)
	c.do(unsigned).want(t, 400, "DRS.10030009")
}

func TestTemporaryKey(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	keys := c.Credentials()
	c.ak, c.sk = keys.TemporaryAK, keys.TemporarySK

	signed := c.request("GET", "DRS", anyList, "")
	signed.Header.Set("X-Security-Token", keys.SecurityToken)
	c.sign(signed, "")
	c.do(signed).want(t, 200, "count")

	unsigned := c.request("GET", "DRS", anyList, "")
	c.sign(unsigned, "")
	unsigned.Header.Set("X-Security-Token", keys.SecurityToken)
	c.do(unsigned).want(t, 401, "verify aksk signature fail")

	wrong := c.request("GET", "DRS", anyList, "")
	wrong.Header.Set("X-Security-Token", "other")
	c.sign(wrong, "")
	c.do(wrong).want(t, 401, "decrypt token fail")
}

func TestLockAfterConsecutiveFailures(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	right := c.sk
	try := func(secret string) answer {
		c.sk = secret
		return c.get("DRS", anyList)
	}
	for range 5 {
		try("wrong").want(t, 401, "verify aksk signature fail")
	}
	try(right).want(t, 200, "count") // not consecutive any more
	for range 6 {
		try("wrong").want(t, 401, "verify aksk signature fail")
	}
	try(right).want(t, 401, "AK access failed to reach the limit, forbidden")
	c.clock.Advance(5*time.Minute - time.Second)
	try(right).want(t, 401, "forbidden")
	c.clock.Advance(time.Second)
	try(right).want(t, 200, "count")
}

func TestToken(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{TokenTTL: time.Hour})
	with := func(token string) answer {
		r := c.request("GET", "DRS", anyList, "")
		if token != "" {
			r.Header.Set("X-Auth-Token", token)
		}
		return c.do(r)
	}
	with("").want(t, 401, "x-auth-token not found")
	with("other").want(t, 401, "decrypt token fail")
	with(c.Credentials().Token).want(t, 200, "count")
	c.clock.Advance(time.Hour)
	with(c.Credentials().Token).want(t, 401, "token expires, expires_at: 20")
}

func TestForeignProject(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	const other = "00000000000000000000000000f1f2f3"
	c.get("DRS", "/v5/"+other+"/templates").want(t, 403, `{"error_code":"DRS.M00261"`)
	c.get("HTAP", "/v3/"+other+"/instances/"+emulator.TaurusDBInstanceID+"/htap").want(t, 403, `{"error_code":"DBS.200010"`)
	c.get("RFS", "/v1/"+other+"/templates").want(t, 403, `"error_msg"`)
	c.get("ROMA", "/v2/"+other+"/instances").want(t, 403, `"error_details"`)
}

func TestPathsTheGatewayDoesNotKnow(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for _, path := range []string{"/", "/v5/{p}/templates/", "/v5//templates", "/v5/{p}/../{p}/templates", "/v5/{p}/templates/x"} {
		c.get("DRS", path).want(t, 404, "APIGW.0101")
	}
	c.post("DRS", "/v5/{p}/templates", "").want(t, 404, "APIGW.0101")
	if got := c.send("HEAD", "DRS", anyList, ""); got.status != 404 {
		t.Errorf("HEAD: %d", got.status)
	}
}
