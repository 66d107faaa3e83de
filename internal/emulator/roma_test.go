package emulator_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
)

const (
	romaInstance = "/v2/{p}/instances/" + emulator.ROMAInstanceID
	romaExport   = romaInstance + "/assets/export"
	romaArchives = romaInstance + "/assets/archives/"
)

func TestROMALists(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	type list struct {
		Total, Size     int
		Instances, Apps []struct{ ID string }
		Entities        []struct {
			ID string `json:"task_id"`
		}
	}
	running := into[list](t, c.get("ROMA", "/v2/{p}/instances?status=RUNNING"))
	if running.Total != 1 || running.Instances[0].ID != emulator.ROMAInstanceID {
		t.Errorf("instances %+v", running)
	}
	apps := into[list](t, c.get("ROMA", romaInstance+"/apps?offset=1&limit=1"))
	if apps.Total != 3 || apps.Size != 1 || apps.Apps[0].ID != emulator.ROMASecondAppID {
		t.Errorf("apps %+v", apps)
	}
	tasks := into[list](t, c.get("ROMA", "/v2/{p}/fdi/instances/"+emulator.ROMAInstanceID+"/tasks"))
	if tasks.Total != 1 || tasks.Entities[0].ID != emulator.ROMATaskID {
		t.Errorf("tasks %+v", tasks)
	}
	c.get("ROMA", romaInstance+"/apps?limit=x").want(t, 400, "ROMA.13000")
	c.get("ROMA", "/v2/{p}/instances/nosuch/apps").want(t, 404, `"error_details":"the instance does not exist in the project"`)
}

// exportAssets starts an export and returns a look at its job.
func (c *client) exportAssets(apps ...string) func() map[string]any {
	c.Helper()
	var refs bytes.Buffer
	for n, app := range apps {
		if n > 0 {
			refs.WriteByte(',')
		}
		fmt.Fprintf(&refs, `{"id":%q}`, app)
	}
	body := fmt.Sprintf(`{"apps":[%s],"tasks":[{"id":%q}]}`, refs.String(), emulator.ROMATaskID)
	id := into[map[string]string](c, c.post("ROMA", romaExport, body))["job_id"]
	return func() map[string]any {
		c.Helper()
		job := into[map[string]any](c, c.get("ROMA", romaInstance+"/assets/jobs/"+id))
		if job["id"] != id {
			c.Errorf("job %v, want %s", job, id)
		}
		delete(job, "id")
		return job
	}
}

func TestROMAExportInBothDialects(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{JobDuration: 20 * time.Second})
	for n, words := range [][4]string{{"EXPORT_ASSET", "RUNNING", "SUCCEEDED"}, {"exportAsset", "Running", "Success"}} {
		begin := c.clock.Now()
		stamp := func(t time.Time) any {
			if n == 0 {
				return t.UTC().Format(time.RFC3339)
			}
			return float64(t.UnixMilli())
		}
		look := c.exportAssets(emulator.ROMAAppID, emulator.ROMASecondAppID)
		c.clock.Advance(5 * time.Second)
		want := map[string]any{"type": words[0], "status": words[1], "progress_percent": 0.25, "begin_time": stamp(begin)}
		if diff := cmp.Diff(want, look()); diff != "" {
			t.Errorf("running (-want +got):\n%s", diff)
		}
		c.clock.Advance(15 * time.Second)
		got := look()
		id, _ := got["archive_id"].(string)
		want = map[string]any{"type": words[0], "status": words[2], "progress_percent": 1.0, "begin_time": stamp(begin),
			"end_time": stamp(c.clock.Now()), "archive_id": id}
		if diff := cmp.Diff(want, got); diff != "" || id == "" {
			t.Errorf("done (-want +got):\n%s", diff)
		}
		archive := c.get("ROMA", romaArchives+id).want(t, 200, "PK")
		c.sameAs(archive, "roma/"+id)
		if _, err := zip.NewReader(bytes.NewReader(archive.body), int64(len(archive.body))); err != nil {
			t.Error(err)
		}
		want["status"] = "Finished"
		delete(want, "archive_id")
		if diff := cmp.Diff(want, look()); diff != "" {
			t.Errorf("downloaded (-want +got):\n%s", diff)
		}
	}
}

func TestROMAFailedExport(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for _, want := range [][2]string{{"FAILED", "reason"}, {"Failed", "reasons"}} {
		look := c.exportAssets(emulator.ROMAFailingAppID)
		c.clock.Advance(time.Second)
		got := look()
		reasons, _ := got[want[1]].([]any)
		if got["status"] != want[0] || len(reasons) != 1 || got["archive_id"] != nil {
			t.Errorf("job %v, want %q", got, want)
		}
	}
}

func TestROMAOneJobAtATime(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	body := `{"apps":[{"id":"` + emulator.ROMAAppID + `"}]}`
	c.post("ROMA", romaExport, body).want(t, 200, "job_id")
	c.post("ROMA", romaExport, body).want(t, 400, "ROMA.10012")
	c.clock.Advance(time.Second)
	c.post("ROMA", romaExport, body).want(t, 200, "job_id")
}

func TestROMARefusals(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for _, body := range []string{"", `{"apps":[]}`, `{"apps":[{"id":"nosuch"}]}`,
		`{"apps":[{"id":"` + emulator.ROMAAppID + `"}],"tasks":[{"id":"nosuch"}]}`} {
		c.post("ROMA", romaExport, body).want(t, 400, "ROMA.13000").want(t, 400, `"request_id":"`)
	}
	c.get("ROMA", romaInstance+"/assets/jobs/nosuch").want(t, 404, "ROMA.00110006")
	c.get("ROMA", romaArchives+"nosuch").want(t, 404, `"error_details"`)
}

func TestROMAArchiveIsServedOnce(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	answers := make([]answer, 20)
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() { answers[n] = c.get("ROMA", romaArchives+emulator.ROMAArchiveID) })
	}
	group.Wait()
	served := 0
	for _, got := range answers {
		if got.status == 200 {
			served++
			c.sameAs(got, "roma/"+emulator.ROMAArchiveID)
			continue
		}
		got.want(t, 404, "error_details").want(t, 404, "downloaded").want(t, 404, `"request_id":"`)
	}
	if served != 1 {
		t.Errorf("served %d times", served)
	}
}

func TestROMAProbeAndRefusedDownloadDoNotUseTheArchiveUp(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	if got := c.send("HEAD", "ROMA", romaArchives+emulator.ROMAArchiveID, ""); got.status != 404 {
		t.Errorf("HEAD: %d", got.status)
	}
	c.do(c.request("GET", "ROMA", romaArchives+emulator.ROMAArchiveID, "")).want(t, 401, "x-auth-token")
	c.get("ROMA", romaArchives+emulator.ROMAArchiveID).want(t, 200, "PK")
}

// TestROMALargeArchive is one that is made while it is sent.
func TestROMALargeArchive(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{ArchiveSize: 20 << 20})
	if body, held := c.Content("roma/" + emulator.ROMAArchiveID); held || body != nil {
		t.Errorf("%d bytes at once", len(body))
	}
	reader, held := c.OpenContent("roma/" + emulator.ROMAArchiveID)
	if !held {
		t.Fatal("there is no archive")
	}
	got := c.get("ROMA", archive).want(t, 200, "PK")
	if want, err := io.ReadAll(reader); err != nil || !bytes.Equal(want, got.body) {
		t.Errorf("%d bytes arrived, the emulator holds %d, %v", len(got.body), len(want), err)
	}
	if got.header.Get("Content-Length") != strconv.FormatInt(reader.Size(), 10) {
		t.Errorf("header %v", got.header)
	}
	files, err := zip.NewReader(reader, reader.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files.File {
		f, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, f); err != nil || uint64(n) != file.UncompressedSize64 {
			t.Errorf("%s: %d bytes, %v", file.Name, n, err)
		}
		_ = f.Close()
	}
	if _, held := c.OpenContent("roma/nosuch"); held {
		t.Error("an archive that does not exist is held")
	}
}
