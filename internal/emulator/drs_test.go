package emulator_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
)

func TestDRSJobs(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	type list struct {
		TotalCount int `json:"total_count"`
		Jobs       []struct{ ID string }
	}
	for query, want := range map[string][]string{
		"job_type=sync":                                  {emulator.DRSJobID, emulator.DRSUpperCaseJobID, emulator.DRSFailingJobID},
		"job_type=migration":                             {emulator.DRSMigrationJobID},
		"job_type=cloudDataGuard":                        nil,
		"job_type=sync&engine_type=postgresql":           {emulator.DRSJobID},
		"job_type=sync&name=DRS-customers":               {emulator.DRSUpperCaseJobID},
		"job_type=sync&name=" + emulator.DRSJobID:        {emulator.DRSJobID},
		"job_type=sync&status=CONFIGURATION":             {emulator.DRSFailingJobID},
		"job_type=sync&net_type=eip":                     nil,
		"job_type=migration&name=DRS-%E8%BF%81%E7%A7%BB": {emulator.DRSMigrationJobID},
	} {
		got := into[list](t, c.get("DRS", "/v5/{p}/jobs?"+query))
		var ids []string
		for _, job := range got.Jobs {
			ids = append(ids, job.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" || got.TotalCount != len(want) {
			t.Errorf("%s: total %d (-want +got):\n%s", query, got.TotalCount, diff)
		}
	}
	page := into[list](t, c.get("DRS", "/v5/{p}/jobs?job_type=sync&offset=1&limit=1"))
	if page.TotalCount != 3 || len(page.Jobs) != 1 || page.Jobs[0].ID != emulator.DRSUpperCaseJobID {
		t.Errorf("page %+v", page)
	}
	c.get("DRS", "/v5/{p}/jobs").want(t, 400, "DRS.M00201")
	c.get("DRS", "/v5/{p}/jobs?job_type=other").want(t, 400, `{"error_code":"DRS.M00202","error_msg":"The value of job_type is invalid."}`)
	c.get("DRS", "/v5/{p}/jobs?job_type=sync&limit=0").want(t, 400, "limit")
}

type drsFiles struct {
	Count int
	Files []struct {
		Name         string    `json:"file_name"`
		LastModified time.Time `json:"last_modified"`
	} `json:"export_report_obs_files"`
}

// export starts an export and returns a look at its progress.
func (c *client) export(jobs ...string) func() string {
	c.Helper()
	body := `{"jobs":["` + strings.Join(jobs, `","`) + `"]}`
	accepted := into[map[string]string](c, c.post("DRS", "/v5/{p}/jobs/export/template", body).want(c, 202, `"status":"SUCCESS"`))
	return func() string {
		c.Helper()
		return into[map[string]string](c, c.get("DRS", "/v5/{p}/jobs/"+accepted["id"]+"/export/progress"))["process_status"]
	}
}

func TestDRSExport(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{JobDuration: time.Minute})
	asked := c.clock.Now()
	progress := c.export(emulator.DRSJobID)
	if got := progress(); got != "pending" {
		t.Errorf("at once: %s", got)
	}
	if got := into[drsFiles](t, c.get("DRS", anyList)); got.Count != 1 || got.Files[0].Name != emulator.DRSOldFileName {
		t.Errorf("before the end: %+v", got)
	}
	c.clock.Advance(time.Minute)
	if got := progress(); got != "success" {
		t.Errorf("at the end: %s", got)
	}
	got := into[drsFiles](t, c.get("DRS", anyList))
	want := fmt.Sprintf("%s_postgresql_%s.xlsx", emulator.DRSJobID, c.clock.Now().UTC().Format("20060102150405"))
	if got.Count != 2 || got.Files[0].Name != want || !got.Files[0].LastModified.Equal(asked.Add(2*time.Second)) {
		t.Fatalf("files %+v, want %s first", got, want)
	}
	file := c.post("DRS", "/v5/{p}/templates/download", `{"files":["`+want+`"]}`).want(t, 200, "PK")
	c.sameAs(file, "drs/"+want)
	checkSheets(t, file.body, "Basic Information", "Source Database", "Destination Database", "Objects")
	old := c.post("DRS", "/v5/{p}/templates/download", `{"files":["`+emulator.DRSOldFileName+`"]}`)
	c.sameAs(old, "drs/"+emulator.DRSOldFileName)
	if bytes.Equal(old.body, file.body) {
		t.Error("the old file cannot be told from the new one")
	}
}

func TestDRSSeveralFilesAreAZip(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	c.export(emulator.DRSJobID, emulator.DRSMigrationJobID)
	c.clock.Advance(time.Second)
	files := into[drsFiles](t, c.get("DRS", anyList+"?limit=2"))
	if files.Count != 3 || len(files.Files) != 2 {
		t.Fatalf("files %+v", files)
	}
	first, second := files.Files[0].Name, files.Files[1].Name
	got := c.post("DRS", "/v5/{p}/templates/download", fmt.Sprintf(`{"files":[%q,%q,%q]}`, first, second, first))
	got.want(t, 200, "PK")
	archive, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil || len(archive.File) != 2 {
		t.Fatalf("not a zip of two: %v", err)
	}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		c.sameAs(answer{body: body, err: err}, "drs/"+file.Name)
	}
}

func TestDRSOutcomes(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	for job, want := range map[string]string{emulator.DRSUpperCaseJobID: "SUCCESS", emulator.DRSFailingJobID: "failed"} {
		progress := c.export(job)
		c.clock.Advance(time.Second)
		if got := progress(); got != want {
			t.Errorf("%s ended with %s, want %s", job, got, want)
		}
	}
	if got := into[drsFiles](t, c.get("DRS", anyList)); got.Count != 2 {
		t.Errorf("the failed export left a file: %+v", got)
	}
}

func TestDRSRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	const export, download = "/v5/{p}/jobs/export/template", "/v5/{p}/templates/download"
	c.post("DRS", export, `{"jobs":[]}`).want(t, 400, "The jobs parameter is empty.")
	c.post("DRS", export, `{"jobs":"x"}`).want(t, 400, "DRS.M00202")
	c.post("DRS", export, `{"jobs":["nosuch"]}`).want(t, 400, `{"error_code":"DRS.10000010","error_msg":"Task not found. Check the task ID."}`)
	c.get("DRS", "/v5/{p}/jobs/nosuch/export/progress").want(t, 400, "DRS.10000010")
	c.post("DRS", download, `{"files":[]}`).want(t, 400, "DRS.M00201")
	c.post("DRS", download, `{"files":["nosuch.xlsx"]}`).want(t, 400, `{"error_code":"DRS.10030009","error_msg":"Download template file failed."}`)
	c.get("DRS", anyList+"?offset=-1").want(t, 400, "offset")
}
