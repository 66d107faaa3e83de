package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// drs is the export of task templates
// (https://support.huaweicloud.com/intl/en-us/api-drs/drs_03_0163.html and its neighbours).
type drs struct {
	emulator *Emulator
	mu       sync.Mutex
	exports  map[string]*drsExport
	files    []drsFile // oldest first
}

// drsExport is one asynchronous export.
type drsExport struct {
	done   time.Time
	status string // process_status once done
}

// drsFile is an exported file; it is listed from done on.
type drsFile struct {
	name         string
	done         time.Time
	lastModified time.Time
	body         []byte
}

func newDRS(e *Emulator) (*drs, error) {
	d := &drs{emulator: e, exports: map[string]*drsExport{}}
	job, _ := findDRSJob(DRSJobID)
	return d, d.addFile(job, time.Date(2025, 7, 3, 9, 45, 10, 0, time.UTC))
}

func (d *drs) routes() []route {
	return []route{
		{method: http.MethodGet, path: "/v5/{project_id}/jobs", handle: d.listJobs},
		{method: http.MethodPost, path: "/v5/{project_id}/jobs/export/template", handle: d.export},
		{method: http.MethodGet, path: "/v5/{project_id}/jobs/{async_job_id}/export/progress", handle: d.progress},
		{method: http.MethodGet, path: "/v5/{project_id}/templates", handle: d.listFiles},
		{method: http.MethodPost, path: "/v5/{project_id}/templates/download", handle: d.download},
	}
}

func errDRSEmpty(name string) *failure {
	return fail(http.StatusBadRequest, "DRS.M00201", "The %s parameter is empty.", name)
}

func errDRSValue(name string) *failure {
	return fail(http.StatusBadRequest, "DRS.M00202", "The value of %s is invalid.", name)
}

func errDRSTask() *failure {
	return fail(http.StatusBadRequest, "DRS.10000010", "Task not found. Check the task ID.")
}

// export accepts the work and answers at once: SUCCESS means accepted.
func (d *drs) export(c *call) (reply, error) {
	var request struct {
		Jobs []string `json:"jobs"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return reply{}, errDRSValue("jobs")
	}
	if len(request.Jobs) == 0 {
		return reply{}, errDRSEmpty("jobs")
	}
	result := &drsExport{done: c.now.Add(d.emulator.config.JobDuration), status: "success"}
	var jobs []drsJob
	for _, id := range request.Jobs {
		job, ok := findDRSJob(id)
		if !ok {
			return reply{}, errDRSTask()
		}
		jobs = append(jobs, job)
		if id == DRSUpperCaseJobID && result.status == "success" {
			result.status = "SUCCESS"
		}
		if id == DRSFailingJobID {
			result.status = "failed"
		}
	}
	id, err := d.start(result, jobs)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(http.StatusAccepted, map[string]string{"id": id, "status": "SUCCESS"})
}

func (d *drs) start(result *drsExport, jobs []drsJob) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := newUUID()
	d.exports[id] = result
	if result.status == "failed" {
		return id, nil
	}
	for _, job := range jobs {
		if err := d.addFile(job, result.done); err != nil {
			return "", err
		}
	}
	return id, nil
}

// addFile stores the export of a task. The name has the time of the task's clock; last_modified has that of the
// object store's, 58 seconds behind as in the documentation's example, and so can be earlier than the request.
func (d *drs) addFile(job drsJob, done time.Time) error {
	done = done.UTC()
	name := job.ID + "_" + job.EngineType + "_" + done.Format("20060102150405") + ".xlsx"
	if slices.ContainsFunc(d.files, func(f drsFile) bool { return f.name == name }) {
		return nil // the same task in the same second: the same file
	}
	body, err := workbook(job.sheets(done.Truncate(time.Second)))
	if err != nil {
		return err
	}
	d.emulator.contents.put("drs/"+name, plain(body))
	d.files = append(d.files, drsFile{name: name, done: done, lastModified: done.Add(-58 * time.Second), body: body})
	return nil
}

func (d *drs) progress(c *call) (reply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	export, ok := d.exports[c.vars["async_job_id"]]
	if !ok {
		return reply{}, errDRSTask()
	}
	status := "pending"
	if !c.now.Before(export.done) {
		status = export.status
	}
	return jsonReply(http.StatusOK, map[string]string{"process_status": status})
}

// ready returns the files that exist by now, newest first.
func (d *drs) ready(now time.Time) []drsFile {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []drsFile
	for _, file := range slices.Backward(d.files) {
		if !now.Before(file.done) {
			list = append(list, file)
		}
	}
	return list
}

func (d *drs) listFiles(c *call) (reply, error) {
	files := d.ready(c.now)
	page, bad := window(files, c.URL.Query(), 10)
	if bad != "" {
		return reply{}, errDRSValue(bad)
	}
	list := []map[string]string{}
	for _, file := range page {
		list = append(list, map[string]string{"file_name": file.name, "last_modified": file.lastModified.Format(time.RFC3339)})
	}
	return jsonReply(http.StatusOK, map[string]any{"count": len(files), "export_report_obs_files": list})
}

// download sends one file as it is and several as a zip. The zip is a guess: the documentation shows one file only.
func (d *drs) download(c *call) (reply, error) {
	var request struct {
		Files []string `json:"files"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return reply{}, errDRSValue("files")
	}
	if len(request.Files) == 0 {
		return reply{}, errDRSEmpty("files")
	}
	files := d.ready(c.now)
	var entries []entry
	for _, name := range request.Files {
		n := slices.IndexFunc(files, func(f drsFile) bool { return f.name == name })
		if n < 0 {
			return reply{}, fail(http.StatusBadRequest, "DRS.10030009", "Download template file failed.")
		}
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.name == name }) {
			entries = append(entries, entry{name: name, body: files[n].body})
		}
	}
	if len(entries) == 1 {
		return fileReply(entries[0].name, typeStream, plain(entries[0].body)), nil
	}
	body, err := zipFile(entries)
	if err != nil {
		return reply{}, err
	}
	return fileReply(strings.TrimSuffix(entries[0].name, ".xlsx")+".zip", typeZip, plain(body)), nil
}
