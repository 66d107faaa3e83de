package emulator_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
)

const archive = romaArchives + emulator.ROMAArchiveID

func TestFaultsBeforeTheService(t *testing.T) {
	t.Parallel()
	for kind, want := range map[emulator.FaultKind]struct {
		status     int
		kind, text string
	}{
		emulator.FaultStatus:   {500, "application/json;charset=UTF-8", "error_details"},
		emulator.FaultHTML:     {502, "text/html", "<h1>502 Bad Gateway"},
		emulator.FaultEmpty:    {503, "", ""},
		emulator.FaultThrottle: {429, "application/json;charset=UTF-8", "APIGW.0308"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			c := start(t, emulator.Config{})
			c.SetFaults(emulator.Fault{Service: "roma", Kind: kind, Times: 1})
			got := c.get("ROMA", archive).want(t, want.status, want.text)
			if got.header.Get("Content-Type") != want.kind {
				t.Errorf("header %v", got.header)
			}
			if throttled := got.header.Get("Retry-After") == "1"; throttled != (kind == emulator.FaultThrottle) {
				t.Errorf("header %v", got.header)
			}
			c.get("ROMA", archive).want(t, 200, "PK") // the archive was not used up, the fault was
		})
	}
}

func TestFaultsOnTheBodyUseTheArchiveUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault emulator.Fault
		check func(*testing.T, answer)
	}{
		"truncate": {emulator.Fault{Kind: emulator.FaultTruncate, After: 1000}, func(t *testing.T, a answer) {
			if !errors.Is(a.err, io.ErrUnexpectedEOF) || len(a.body) != 1000 || a.header.Get("Content-Length") == "1000" {
				t.Errorf("%d bytes, %v, %v", len(a.body), a.err, a.header)
			}
		}},
		"reset": {emulator.Fault{Kind: emulator.FaultReset}, func(t *testing.T, a answer) {
			if !errors.Is(a.err, syscall.ECONNRESET) || a.status != 200 {
				t.Errorf("%d bytes, %v", len(a.body), a.err)
			}
		}},
		"reset before the header": {emulator.Fault{Kind: emulator.FaultReset, After: -1}, func(t *testing.T, a answer) {
			if !errors.Is(a.err, syscall.ECONNRESET) || a.status != 0 {
				t.Errorf("status %d, %v", a.status, a.err)
			}
		}},
		"wrong type": {emulator.Fault{Kind: emulator.FaultWrongType}, func(t *testing.T, a answer) {
			a.want(t, 200, `"error_code":"ROMA.00000101"`)
			if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
				t.Errorf("header %v", a.header)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, emulator.Config{})
			c.SetFaults(test.fault)
			held, _ := c.Content("roma/" + emulator.ROMAArchiveID)
			whole := len(held)
			got := c.get("ROMA", archive)
			test.check(t, got)
			if len(got.body) >= whole {
				t.Errorf("all %d bytes arrived", whole)
			}
			c.SetFaults()
			c.get("ROMA", archive).want(t, 404, "downloaded")
		})
	}
}

func TestStallHoldsUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	for _, kind := range []emulator.FaultKind{emulator.FaultStall, emulator.FaultGone} {
		c := start(t, emulator.Config{})
		c.SetFaults(emulator.Fault{Kind: kind, After: 10})
		c.http.Timeout = 100 * time.Millisecond
		got := c.get("HTAP", htapTemplate+"?template_type=import_async")
		if timeout, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](got.err); !ok || !timeout.Timeout() {
			t.Errorf("%s: %d bytes, %v, want a timeout", kind, len(got.body), got.err)
		}
		if kind == emulator.FaultStall && len(got.body) != 10 {
			t.Errorf("%d bytes before the stall, want 10", len(got.body))
		}
	}
}

func TestSlowArrivesWhole(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.SetFaults(emulator.Fault{Kind: emulator.FaultSlow})
	got := c.get("HTAP", htapTemplate+"?template_type=import_async").want(t, 200, "PK")
	c.sameAs(got, "htap/"+emulator.HTAPInstanceID)
}

// TestCutEndsEveryLongBody reads a file in parts, as a client does that goes on where a body broke.
func TestCutEndsEveryLongBody(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	link := c.link(emulator.RFSTemplateName, "V1")
	whole, _ := c.Content("rfs/my_first_template/V1")
	part := int64(len(whole)/10 + 1)
	c.SetFaults(emulator.Fault{Service: "OBS", Kind: emulator.FaultCut, After: part})
	var got []byte
	replies := 0
	for ; len(got) < len(whole) && replies < 20; replies++ {
		a := c.fetch("GET", link, "Range", fmt.Sprintf("bytes=%d-", len(got)))
		if cut := int64(len(whole)-len(got)) > part; cut != errors.Is(a.err, syscall.ECONNRESET) {
			t.Errorf("from %d: %v", len(got), a.err)
		}
		got = append(got, a.body...)
	}
	if replies != 10 || !bytes.Equal(got, whole) {
		t.Errorf("%d replies, %d bytes of %d", replies, len(got), len(whole))
	}
	c.SetFaults(emulator.Fault{Kind: emulator.FaultCut, Times: 2}) // after 64 KiB
	c.get("DRS", anyList).want(t, 200, "count")
	if a := c.get("ROMA", archive); !errors.Is(a.err, syscall.ECONNRESET) || len(a.body) != 64<<10 {
		t.Errorf("%d bytes, %v", len(a.body), a.err)
	}
}

// TestFaultsCountPartialReplies wants a reply with a part of a file to use up a fault like any other.
func TestFaultsCountPartialReplies(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	link := c.link(emulator.RFSTemplateName, "V1")
	whole, _ := c.Content("rfs/my_first_template/V1")
	c.SetFaults(emulator.Fault{Service: "OBS", Kind: emulator.FaultTruncate, After: 5, Times: 2})
	for _, want := range [][]byte{whole[10:15], whole[10:15], whole[10:]} {
		if a := c.fetch("GET", link, "Range", "bytes=10-"); a.status != 206 || !bytes.Equal(a.body, want) {
			t.Errorf("status %d, %q, %v", a.status, a.body, a.err)
		}
	}
}

func TestEmptyAnswersCanBeTruncatedToo(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.SetFaults(emulator.Fault{Service: "RFS", Kind: emulator.FaultTruncate})
	if got := c.get("RFS", templates+"/my_first_template/versions/V1"); got.status != 307 || !errors.Is(got.err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v", got.status, got.err)
	}
}

func TestExpiredLinkFaultIsOnlyForOBS(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.SetFaults(emulator.Fault{Kind: emulator.FaultExpiredLink, Times: 1})
	link := c.link(emulator.RFSTemplateName, "V1")
	c.fetch("GET", link).want(t, 403, "Request has expired")
	c.fetch("GET", link).want(t, 200, "vpc")
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.SetFaults(emulator.Fault{Service: "DRS", Method: "post", PathContains: "/download", Kind: emulator.FaultStatus, Status: 504})
	c.get("DRS", anyList).want(t, 200, "count")
	c.post("DRS", "/v5/{p}/templates/download", "{}").want(t, 504, `{"error_code":"DRS.10000001"`)
	c.SetFaults(
		emulator.Fault{Kind: emulator.FaultEmpty, Times: 1},
		emulator.Fault{Kind: emulator.FaultHTML, Times: 1},
	)
	c.get("DRS", anyList).want(t, 503, "")
	c.get("DRS", anyList).want(t, 502, "html")
	c.get("DRS", anyList).want(t, 200, "count")
	c.SetFaults(emulator.Fault{Kind: emulator.FaultStatus})
	c.get("OBS", "/x").want(t, 500, "<Code>InternalError</Code>")
	c.get("IAM", "/x").want(t, 500, `{"error":{"code":500,`)
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]emulator.Fault{
		"roma:truncate":                 {Service: "ROMA", Kind: emulator.FaultTruncate},
		"roma:truncate:1":               {Service: "ROMA", Kind: emulator.FaultTruncate, Times: 1},
		"Drs:status=503:2":              {Service: "DRS", Kind: emulator.FaultStatus, Status: 503, Times: 2},
		"*:slow":                        {Kind: emulator.FaultSlow},
		"htap:stall=1024":               {Service: "HTAP", Kind: emulator.FaultStall, After: 1024},
		"obs:expired-link:1":            {Service: "OBS", Kind: emulator.FaultExpiredLink, Times: 1},
		"obs:cut=1000:3":                {Service: "OBS", Kind: emulator.FaultCut, After: 1000, Times: 3},
		"iam:reset=-1":                  {Service: "IAM", Kind: emulator.FaultReset, After: -1},
		"rfs:wrong-type":                {Service: "RFS", Kind: emulator.FaultWrongType},
		"*:expired-link":                {Kind: emulator.FaultExpiredLink},
		"roma/archives:truncate=1000:1": {Service: "ROMA", PathContains: "archives", Kind: emulator.FaultTruncate, After: 1000, Times: 1},
		"*/v2/p:slow":                   {PathContains: "v2/p", Kind: emulator.FaultSlow},
		"htap:throttle:999999":          {Service: "HTAP", Kind: emulator.FaultThrottle, Times: 999999},
	} {
		got, err := emulator.ParseFault(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                 "roma/archives:truncate=1000:1",
		"roma":             "service[/path part]:kind[=number][:times]",
		"roma/:slow":       "such as roma/archives",
		"ecs/a:slow":       "known are htap",
		"ecs:slow":         "known are htap, drs, rfs, roma, iam, obs and *",
		"roma:explode":     "known are status, html, empty, throttle, gone, expired-link, truncate, stall, reset, wrong-type, slow, cut",
		"roma:slow:0":      "from 1",
		"roma:slow:x":      `"x"`,
		"roma:slow=5":      "takes no number",
		"roma:status=200":  "from 400 to 599",
		"roma:truncate=x":  "must be whole",
		"rfs:expired-link": "only obs",
		"roma:slow:1:2":    "times",
	} {
		if _, err := emulator.ParseFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestParsedFaultReachesOneOperation(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	fault, err := emulator.ParseFault("roma/archives:empty")
	if err != nil {
		t.Fatal(err)
	}
	c.SetFaults(fault)
	c.get("ROMA", strings.TrimSuffix(archive, "assets/archives/"+emulator.ROMAArchiveID)+"apps").want(t, 200, emulator.ROMAAppID)
	c.get("ROMA", archive).want(t, 503, "")
}
