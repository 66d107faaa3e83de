package huaweicloud

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mcp-server/sdk"
)

var testNow = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// errorCases are the documented bodies (API references, API Signing Guide, the official SDK's errors_test.go) and what
// stands between a client and the cloud.
var errorCases = []struct {
	name    string
	service Service
	status  int
	header  http.Header
	body    string
	token   bool // ask with a token instead of an access key
	code    sdk.Code
	wait    time.Duration
}{
	{name: "drs parameter", service: DRS, status: 400, body: `{"error_code":"DRS.M00202","error_msg":"The value of jobId is invalid."}`, code: sdk.CodeInvalidArgument},
	{name: "drs task not found", service: DRS, status: 400, body: `{"error_code":"DRS.10000010","error_msg":"Task not found. Check the task ID."}`, code: sdk.CodeNotFound},
	{name: "drs invalid token", service: DRS, status: 403, body: `{"error_code":"DRS.M00100","error_msg":"Invalid token."}`, token: true, code: sdk.CodeUnauthenticated},
	{name: "drs empty result", service: DRS, status: 422, body: `{"error_code":"DRS.M00002","error_msg":"The result is empty."}`, code: sdk.CodeInvalidArgument},
	{name: "htap busy", service: HTAP, status: 409, body: `{"error_code":"DBS.200011","error_msg":"Another operation is being performed."}`, code: sdk.CodeFailedPrecondition},
	{name: "htap instance missing", service: HTAP, status: 404, header: http.Header{"X-Request-Id": {"req-404"}},
		body: `{"error_code":"DBS.200002","error_msg":"The DB instance does not exist."}`, code: sdk.CodeNotFound},
	{name: "rfs details", service: RFS, status: 403, body: `{"error_code":"RF.0003","error_msg":"Forbidden","encoded_authorization_message":"XXXX","details":[{"error_code":"RF.1","error_msg":"no action"},{"error_code":"RF.2","error_msg":"no resource"}]}`, code: sdk.CodePermissionDenied},
	{name: "roma details", service: ROMA, status: 403, body: `{"error_code":"ROMA.0403","error_msg":"No permission.","error_details":"user lacks roma:assets:export","request_id":"body-id","suggestion":"Ask the administrator."}`, code: sdk.CodePermissionDenied},
	{name: "roma no token as 400", service: ROMA, status: 400, body: `{"error_code":"ROMA.1000","error_msg":"No token"}`, code: sdk.CodeUnauthenticated},
	{name: "roma no permission as 400", service: ROMA, status: 400, body: `{"error_code":"ROMA.1006","error_msg":"No permission"}`, code: sdk.CodePermissionDenied},
	{name: "roma job running", service: ROMA, status: 400, body: `{"error_code":"ROMA.10012","error_msg":"An asset management task is running"}`, code: sdk.CodeFailedPrecondition},
	{name: "gateway token", service: DRS, status: 401, body: `{"error_msg":"Incorrect IAM authentication information: decrypt token fail","error_code":"APIG.0301","request_id":"gw-1"}`, token: true, code: sdk.CodeUnauthenticated},
	{name: "gateway signature", service: DRS, status: 401, body: `{"error_msg":"Incorrect IAM authentication information: verify aksk signature fail","error_code":"APIGW.0301","request_id":"gw-2"}`, code: sdk.CodeUnauthenticated},
	{name: "gateway clock behind", service: DRS, status: 401, header: http.Header{"Date": {testNow.Add(time.Hour).Format(http.TimeFormat)}},
		body: `{"error_msg":"calc ak sk signature fail:signature expired","error_code":"APIGW.0301"}`, code: sdk.CodeUnauthenticated},
	{name: "gateway clock ahead", service: DRS, status: 401, header: http.Header{"Date": {testNow.Add(-20 * time.Minute).Format(http.TimeFormat)}},
		body: `{"error_msg":"signature expired","error_code":"APIGW.0301"}`, code: sdk.CodeUnauthenticated},
	{name: "gateway locked", service: DRS, status: 401, body: `{"error_msg":"AK access failed to reach the limit, forbidden","error_code":"APIGW.0301"}`, code: sdk.CodeUnauthenticated, wait: 5 * time.Minute},
	{name: "gateway throttle", service: RFS, status: 429, header: http.Header{"Retry-After": {"60"}},
		body: `{"error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:20,time:1 second","error_code":"APIGW.0308"}`, code: sdk.CodeResourceExhausted, wait: time.Minute},
	{name: "gateway no such api", service: RFS, status: 404, body: `{"error_msg":"API not exist or has not been published in the environment","error_code":"APIGW.0101"}`, code: sdk.CodeUnimplemented},
	{name: "iam number", service: IAM, status: 401, header: http.Header{"X-Iam-Trace-Id": {"iam-trace"}},
		body: `{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}`, code: sdk.CodeUnauthenticated},
	{name: "iam text", service: IAM, status: 403, body: `{"error":{"code":"IAM.0002","message":"You are not authorized.","title":"Forbidden"}}`, code: sdk.CodePermissionDenied},
	{name: "iam os", service: IAM, status: 400, body: `{"error_msg":"Request parameter %(key)s is invalid.","error_code":"IAM.0007"}`, code: sdk.CodeInvalidArgument},
	{name: "old aos", service: RFS, status: 400, body: `{"code":"SVCSTG.AOS.4001110","message":"bad template","extend":"line 3","showdetail":false}`, code: sdk.CodeInvalidArgument},
	{name: "obs", service: obs, status: 404, header: http.Header{"X-Obs-Request-Id": {"obs-1"}},
		body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The resource you requested does not exist</Message><Resource>/example-bucket/object</Resource><RequestId>001B21A61C6C</RequestId><HostId>RkRC</HostId></Error>`, code: sdk.CodeNotFound},
	{name: "obs expired", service: obs, status: 403, body: `<Error><Code>AccessDenied</Code><Message>Request has expired</Message><RequestId>2</RequestId></Error>`, code: sdk.CodePermissionDenied},
	{name: "html", service: DRS, status: 502, body: "<html><head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>", code: sdk.CodeUnavailable},
	{name: "html without title", service: DRS, status: 403, body: "<!doctype html><p>blocked", code: sdk.CodePermissionDenied},
	{name: "empty", service: DRS, status: 503, header: http.Header{"Retry-After": {testNow.Add(90 * time.Second).Format(http.TimeFormat)}}, code: sdk.CodeUnavailable, wait: 90 * time.Second},
	{name: "empty 400", service: DRS, status: 400, code: sdk.CodeInvalidArgument},
	{name: "plain text", service: DRS, status: 500, body: "upstream connect error or disconnect/reset before headers", code: sdk.CodeUnavailable},
	{name: "broken json", service: DRS, status: 500, body: `{"error_code":"DRS.1","error_msg":"cut of`, code: sdk.CodeUnavailable},
	{name: "unknown json", service: DRS, status: 400, body: `{"archive_id":"id"}`, code: sdk.CodeInvalidArgument},
	{name: "proxy password", service: DRS, status: 407, body: "<title>Proxy Authentication Required</title>", code: sdk.CodeUnauthenticated},
	{name: "secret across the clip", service: DRS, status: 400, body: `{"error_code":"X","error_msg":"` + strings.Repeat("x", 490) + testSK + `"}`, code: sdk.CodeInvalidArgument},
	{name: "not implemented", service: DRS, status: 501, body: `{}`, code: sdk.CodeUnimplemented},
	{name: "hostile text", service: DRS, status: 400, body: "{\"error_code\":\"X\\u0000\\u001b[31m\",\"error_msg\":\"a\\nb\\u202ec see https://b.obs.x/k?Signature=" + testSignature + " " + testSK + " " + strings.Repeat("long ", 300) + "\"}", code: sdk.CodeInvalidArgument},
}

func TestCloudErrors(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, test := range errorCases {
		cred := credential{ak: testAK, sk: testSK, origin: envAK + " and " + envSK}
		if test.token {
			cred = credential{token: testToken, origin: envToken}
		}
		header := test.header
		if header == nil {
			header = http.Header{}
		}
		e := problemOf(t, reply{
			service: test.service, operation: "Operation", status: test.status, header: header, body: []byte(test.body), credential: cred, now: testNow,
		}.cloudError())
		if e.Code != test.code || e.Source != sdk.SourceCloud || e.RetryAfter != test.wait {
			t.Errorf("%s: got %s, %s, %s, want %s, cloud, %s", test.name, e.Code, e.Source, e.RetryAfter, test.code, test.wait)
		}
		fmt.Fprintf(&all, "%s\n  %s\n\n", test.name, e.Message)
	}
	golden(t, "errors.golden", all.String())
}

func TestSuccessIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `{}`, `[]`, `null`, `{"error_code":"","error_msg":""}`, `{"error_code":"0","error_msg":"ok"}`, `{"code":"200","message":"fine"}`,
		`{"error":"text"}`, `resource "x" "y" {}`, `<Error></Error>`,
	} {
		if parseErrorBody([]byte(body)).isFailure() {
			t.Errorf("%s counts as a failure", body)
		}
	}
	for _, body := range []string{
		`{"error_code":"A","error_msg":"b"}`, " \n{\"error_code\":\"A\"}", `{"error":{"code":401,"message":"b"}}`, `<Error><Code>A</Code></Error>`,
	} {
		if !parseErrorBody([]byte(body)).isFailure() {
			t.Errorf("%s does not count as a failure", body)
		}
	}
}
