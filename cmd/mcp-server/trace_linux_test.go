package main

import (
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"mcp-server/internal/emulator"
)

// tracesSoon are variables that have spans sent to the receiver at once.
func (c *spanCollector) variables() []string {
	return []string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + c.url + "/v1/traces", "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_METRICS_EXPORTER=none",
		"OTEL_EXPORTER_OTLP_HEADERS=api-key=planted-key-of-the-collector",
	}
}

// spanCollector is a collector of OpenTelemetry.
type spanCollector struct {
	url string

	mu    sync.Mutex
	raw   strings.Builder // all that came, as text
	spans []*trace.Span
}

func startCollector(t *testing.T) *spanCollector {
	t.Helper()
	c := &spanCollector{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *spanCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, err = inflate(body)
	}
	var export collector.ExportTraceServiceRequest
	if err := errors.Join(err, proto.Unmarshal(body, &export)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.WriteString(export.String())
	for _, resource := range export.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

func inflate(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// of returns the spans of a trace, the call's own first.
func (c *spanCollector) of(traceID string) (call *trace.Span, others []*trace.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		switch {
		case hex.EncodeToString(s.GetTraceId()) != traceID:
		case s.GetKind() == trace.Span_SPAN_KIND_SERVER:
			call = s
		default:
			others = append(others, s)
		}
	}
	return call, others
}

func attributeOf(s *trace.Span, name string) string {
	for _, a := range s.GetAttributes() {
		if a.GetKey() == name {
			return strings.Trim(fmt.Sprint(a.GetValue().GetStringValue(), a.GetValue().GetIntValue()), "0 ")
		}
	}
	return ""
}

// TestOneTraceFromClientToCloud follows a call on both transports, and one that fails.
func TestOneTraceFromClientToCloud(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	cloud := startCloud(t, emulator.Config{})
	team := startTeam(t, teamOptions{cloud: cloud, env: c.variables()})
	sessions := map[string]*mcp.ClientSession{
		"http": team.as(t, ""), "stdio": startServerOn(t, cloud, c.variables()...).ClientSession,
	}
	const parent = "00f067aa0ba902b7"
	n := 0
	for transport, session := range sessions {
		for _, template := range []string{emulator.RFSTemplateName, "none"} {
			n++
			id := fmt.Sprintf("4bf92f3577b34da6a3ce929d0e0e%04d", n)
			params := &mcp.CallToolParams{
				Meta: mcp.Meta{"traceparent": "00-" + id + "-" + parent + "-01"},
				Name: "rfs_list_template_versions", Arguments: object{"template_name": template},
			}
			r, err := session.CallTool(t.Context(), params)
			if err != nil || r.IsError == (template == emulator.RFSTemplateName) {
				t.Fatalf("%s: %v %+v", transport, err, r)
			}
			waitFor(t, "the spans", func() bool {
				call, others := c.of(id)
				return call != nil && len(others) > 0
			})
			call, others := c.of(id)
			if hex.EncodeToString(call.GetParentSpanId()) != parent || call.GetName() != "tools/call rfs_list_template_versions" ||
				(call.GetStatus().GetCode() == trace.Status_STATUS_CODE_ERROR) != r.IsError {
				t.Errorf("%s: the call's span is %v", transport, call)
			}
			for _, s := range others {
				if string(s.GetParentSpanId()) != string(call.GetSpanId()) || s.GetKind() != trace.Span_SPAN_KIND_CLIENT ||
					attributeOf(s, "http.request.method") != "GET" || attributeOf(s, "http.response.status_code") == "" ||
					attributeOf(s, "server.address") != "127.0.0.1" || strings.Contains(s.String(), "limit=") {
					t.Errorf("%s: the span of a request is %v", transport, s)
				}
			}
		}
	}
}

// TestSecretsAreNowhere plants tokens and keys wherever they belong, has everything written that can be, and then looks for
// them wherever they do not.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	cloud := startCloud(t, emulator.Config{})
	known := cloud.Credentials()
	s := startTeam(t, teamOptions{
		cloud: cloud, access: tenantsFile(t), args: []string{"--audit-log", audit, "--log-level", "debug"},
		files: []string{
			"first.env", profileEnv(cloud, known.AK, known.SK),
			"second.env", profileEnv(cloud, known.OtherAK, "planted-wrong-secret-key"),
		},
		env: append(c.variables(), "HUAWEICLOUD_SDK_AK="+ownKey, "HUAWEICLOUD_SDK_SK=planted-own-secret-key"),
	})
	said := &strings.Builder{}
	for _, name := range []string{"ann", "bob", "eve"} {
		client := s.as(t, name)
		for _, call := range []struct {
			tool      string
			arguments any
		}{
			{"rfs_list_templates", object{}},
			{"rfs_show_template_version_content", object{"template_name": emulator.RFSZipTemplateName, "version_id": "V2"}}, // by a link that is signed
			{downloadArchive, object{"instance_id": emulator.ROMAInstanceID, "archive_id": emulator.ROMAArchiveID, "password": "planted-password"}},
			{"rfs_show_template_metadata", object{"template_name": "https://u:planted-password@h/?X-Amz-Signature=planted-signature"}},
			{"rfs_show_template_metadata", object{"template_name": tokenOf("ann") + known.SK}},
		} {
			r := callTool(t, client, call.tool, call.arguments)
			if call.tool != "rfs_show_template_metadata" { // which tells a caller what it has sent
				_, _ = fmt.Fprintln(said, textOf(r))
			}
		}
		s.request(t, http.MethodGet, s.url+"/mcp?access_token="+tokenOf(name)+"&x=planted-query", "", authorization(name)...)
		s.request(t, http.MethodGet, s.url+"/mcp", "", "Authorization", "Bearer "+tokenOf("unknown"))
	}
	waitFor(t, "the spans", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.spans) > 15
	})
	for _, pid := range append(children(t, s.process.Process.Pid), s.process.Process.Pid) {
		files := []string{"cmdline", "environ"}
		if pid == s.process.Process.Pid {
			files = files[:1] // whose environment it is
		}
		for _, file := range files {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			if err != nil {
				t.Fatal(err)
			}
			said.Write(text)
		}
	}
	trail, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	places := map[string]string{
		"the log": s.log.String(), "the audit log": string(trail), "the traces": c.raw.String(), "answers and processes": said.String(),
		"the metrics": s.request(t, http.MethodGet, s.metrics+"/metrics", "").body,
	}
	secrets := []string{"planted-", known.SK, known.OtherSK, known.AK, known.OtherAK, ownKey, "Signature=", "AccessKeyId="}
	for place, text := range places {
		if len(text) < 500 {
			t.Errorf("%s is suspiciously short: %s", place, text)
		}
		for _, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s holds %s: …%s…", place, secret, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
}
