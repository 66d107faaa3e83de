package huaweicloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/sdk"
)

// reported collects the reports of a call. They are written as "GET RFS /route 200 #1 error", with the service's name for the
// endpoint, and checked for what every report must have.
func reported(t *testing.T, names map[string]string) (context.Context, func() []string) {
	t.Helper()
	var lines []string
	ctx := reporting(t.Context(), func(r sdk.CloudRequest) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %d #%d %s", r.Method, names[r.Endpoint], r.Route, r.Status, r.Attempt, r.Error)))
		text := fmt.Sprintf("%+v", r)
		for _, wrong := range []string{"?", "%", testSignature, testToken, testSK, emulator.RFSTemplateName, emulator.ProjectID, "emulator-"} {
			if strings.Contains(text, wrong) {
				t.Errorf("%q in the report %s", wrong, text)
			}
		}
		if r.Start.IsZero() || r.End.Before(r.Start) || r.Status > 0 && r.RequestID == "" {
			t.Errorf("the report is incomplete: %s", text)
		}
	})
	return ctx, func() []string { return lines }
}

func emulated(t *testing.T, cfg emulator.Config) (*emulator.Emulator, map[string]string) {
	t.Helper()
	cloud, err := emulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	names := map[string]string{}
	for _, service := range []string{"HTAP", "DRS", "RFS", "ROMA", "IAM", "OBS"} {
		names[cloud.Endpoint(service)] = service
	}
	return cloud, names
}

// TestReportsOfCredentials has IAM asked for a token and for the project, once.
func TestReportsOfCredentials(t *testing.T) {
	t.Parallel()
	cloud, names := emulated(t, emulator.Config{})
	who := cloud.Credentials()
	c, _ := client(t, DRS, environment{
		envRegion: who.Region, envUser: who.UserName, envPassword: who.Password, envDomainName: who.DomainName,
		envEndpoint + "DRS": cloud.Endpoint("DRS"), envEndpoint + "IAM": cloud.Endpoint("IAM"),
	})
	ctx, lines := reported(t, names)
	for range 2 {
		if _, err := c.JSON(ctx, Target{}, Request{
			Operation: "ListJobs", Path: []string{"v5", ProjectSegment, "jobs"}, Query: url.Values{"job_type": {"sync"}},
		}, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"POST IAM /v3/auth/tokens 201 #1", "GET DRS /v5/{project_id}/jobs 200 #1", "GET DRS /v5/{project_id}/jobs 200 #1"}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}

	c.env = environment{
		envRegion: who.Region, envAK: who.AK, envSK: who.SK, envMetadata: "off",
		envEndpoint + "DRS": cloud.Endpoint("DRS"), envEndpoint + "IAM": cloud.Endpoint("IAM"),
	}.get
	ctx, lines = reported(t, names)
	if _, err := c.JSON(ctx, Target{}, Request{
		Operation: "ShowExportProgress", Path: []string{"v5", ProjectSegment, "jobs", "{job_id}", "export", "progress"}, IDs: map[string]string{"job_id": "x y"},
	}, nil); err == nil {
		t.Error("an unknown job has a progress")
	}
	want = []string{"GET IAM /v3/projects 200 #1", "GET DRS /v5/{project_id}/jobs/{job_id}/export/progress 400 #1"}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// TestReportsOfBrokenRequests has one report for each attempt, however it ends.
func TestReportsOfBrokenRequests(t *testing.T) {
	t.Parallel()
	const line = "GET DRS /v5/{project_id}/jobs "
	for name, tc := range map[string]struct {
		fault emulator.Fault
		want  []string
	}{
		"throttled": {emulator.Fault{Kind: emulator.FaultThrottle, Times: 1}, []string{line + "429 #1", line + "200 #2"}},
		"refused":   {emulator.Fault{Kind: emulator.FaultStatus, Status: 403}, []string{line + "403 #1"}},
		"reset":     {emulator.Fault{Kind: emulator.FaultReset, Times: 1}, []string{line + "200 #1 closed", line + "200 #2"}},
		"truncated": {emulator.Fault{Kind: emulator.FaultTruncate, Times: 1}, []string{line + "200 #1 closed", line + "200 #2"}},
		"no answer": {emulator.Fault{Kind: emulator.FaultGone}, []string{line + "0 #1 timeout"}},
		"stalled":   {emulator.Fault{Kind: emulator.FaultStall}, []string{line + "200 #1 stalled"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, names := emulated(t, emulator.Config{})
			c, _ := client(t, DRS, nil)
			c.env = cloud.Getenv
			c.limits.answer, c.limits.stall = 300*time.Millisecond, 300*time.Millisecond
			cloud.SetFaults(tc.fault)
			ctx, lines := reported(t, names)
			_, _ = c.JSON(ctx, Target{}, Request{
				Operation: "ListJobs", Path: []string{"v5", ProjectSegment, "jobs"}, Query: url.Values{"job_type": {"sync"}},
			}, nil)
			if diff := cmp.Diff(tc.want, lines()); diff != "" {
				t.Errorf("reports (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportsOfWhatNeverArrives(t *testing.T) {
	t.Parallel()
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c, _ := client(t, DRS, withKey(DRS, server))
	ctx, lines := reported(t, map[string]string{server.URL: "DRS"})
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, _ = c.JSON(ctx, Target{}, listJobs(), nil)
	server.Close()
	again, more := reported(t, map[string]string{server.URL: "DRS"})
	_, _ = c.JSON(again, Target{}, listJobs(), nil)
	const line = "GET DRS /v5/{project_id}/jobs 0 "
	want := []string{line + "#1 deadline_exceeded", line + "#1 refused", line + "#2 refused", line + "#3 refused", line + "#4 refused"}
	if diff := cmp.Diff(want, append(lines(), more()...)); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if _, err := c.JSON(t.Context(), Target{}, listJobs(), nil); err == nil {
		t.Error("a call without a listener succeeded")
	}
}

// TestReportsOfLink has a download by a pre-signed link, which breaks once and goes on.
func TestReportsOfLink(t *testing.T) {
	t.Parallel()
	cloud, names := emulated(t, emulator.Config{})
	c, _ := client(t, RFS, nil)
	c.env = cloud.Getenv
	content, _ := cloud.Content("rfs/" + emulator.RFSTemplateName + "/V1")
	cloud.SetFaults(emulator.Fault{Service: emulator.ServiceOBS, Kind: emulator.FaultReset, After: int64(len(content) / 2), Times: 1})
	ctx, lines := reported(t, names)
	stored(t, run(t, tool(func(_ context.Context, call *sdk.Call, target Target) (DownloadResult, error) {
		return c.DownloadLink(ctx, target, func(ctx context.Context) (*url.URL, error) {
			link, _, err := c.Redirect(ctx, target, Request{
				Operation: "ShowTemplateVersionContent", Path: []string{"v1", ProjectSegment, "templates", "{template_name}", "versions", "{version_id}"},
				IDs: map[string]string{"template_name": emulator.RFSTemplateName, "version_id": "V1"},
			})
			return link, err
		}, call, Download{Name: "a"})
	})), content)
	want := []string{
		"GET RFS /v1/{project_id}/templates/{template_name}/versions/{version_id} 307 #1", "GET OBS /{object} 200 #1 closed", "GET OBS /{object} 206 #2",
	}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

func TestReportsOfMetadata(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req")
		if strings.HasSuffix(r.URL.Path, "/securitykey") {
			write(w, `{"credential":{"access":"`+testAK+`","secret":"`+testSK+`","securitytoken":"t","expires_at":"2999-01-01T00:00:00Z"}}`)
			return
		}
		write(w, `{}`)
	})
	c, _ := client(t, DRS, withKey(DRS, server).without(envAK, envSK).with(envMetadata, server.URL))
	ctx, lines := reported(t, map[string]string{server.URL: "here"})
	if _, err := c.JSON(ctx, Target{}, listJobs(), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"PUT here /meta-data/latest/api/token 200 #1", "GET here /openstack/latest/securitykey 200 #1", "GET here /v5/{project_id}/jobs 200 #1",
	}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}
