package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// romaJob is an export. Its number decides which of the two documented dialects its status speaks.
type romaJob struct {
	number        int
	id, archiveID string
	begin, end    time.Time
	failing       bool
}

// romaArchive is a package. It is handed out once.
type romaArchive struct {
	body  payload
	job   *romaJob // nil: was there from the start
	taken bool
}

// exportRequest is the body of an export.
type exportRequest struct {
	Apps  []idRef `json:"apps"`
	Tasks []idRef `json:"tasks"`
}

type idRef struct {
	ID string `json:"id"`
}

// check returns what is wrong with the ids, and the ids.
func (e exportRequest) check() (apps, tasks []string, problem string) {
	if len(e.Apps) == 0 || len(e.Apps) > 100 || len(e.Tasks) > 100 {
		return nil, nil, "apps must have 1 to 100 items, tasks at most 100"
	}
	for _, app := range e.Apps {
		if romaApps()[app.ID] == "" {
			return nil, nil, "no application has the id " + app.ID
		}
		apps = append(apps, app.ID)
	}
	for _, task := range e.Tasks {
		if task.ID != ROMATaskID {
			return nil, nil, "no task has the id " + task.ID
		}
		tasks = append(tasks, task.ID)
	}
	return apps, tasks, ""
}

func (r *roma) export(c *call) (reply, error) {
	var request exportRequest
	if err := json.Unmarshal(c.body, &request); err != nil {
		return reply{}, errROMAParameter("the body is not JSON")
	}
	apps, tasks, problem := request.check()
	if problem != "" {
		return reply{}, errROMAParameter(problem)
	}
	return r.start(c, apps, tasks)
}

// start begins a job unless one is running: the emulator has a single user, and a user has a single job.
func (r *roma) start(c *call, apps, tasks []string) (reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.jobs); n > 0 && c.now.Before(r.jobs[n-1].end) {
		return reply{}, errROMA(http.StatusBadRequest, "ROMA.10012", "An asset management task is running",
			"job "+r.jobs[n-1].id+" has not ended")
	}
	job := &romaJob{number: len(r.jobs), id: newID(), begin: c.now, end: c.now.Add(r.emulator.config.JobDuration),
		failing: slices.Contains(apps, ROMAFailingAppID)}
	if !job.failing {
		job.archiveID = newID()
		if err := r.addArchive(job.archiveID, apps, tasks, job); err != nil {
			return reply{}, err
		}
	}
	r.jobs = append(r.jobs, job)
	return jsonReply(http.StatusOK, map[string]string{"job_id": job.id})
}

// addArchive packs the assets. The caller holds the lock, or is the only one to know r.
func (r *roma) addArchive(id string, apps, tasks []string, job *romaJob) error {
	var entries []entry
	for _, app := range apps {
		name := romaApps()[app]
		entries = append(entries,
			entry{name: "apps/" + name + "/app.json", body: fmt.Appendf(nil, "{\"id\": %q, \"name\": %q}\n", app, name)},
			entry{name: "apps/" + name + "/api.yaml", body: fmt.Appendf(nil, "swagger: \"2.0\"\ninfo: {title: %s}\n", name)})
	}
	for _, task := range tasks {
		entries = append(entries, entry{name: "tasks/" + task + ".json", body: fmt.Appendf(nil, "{\"task_id\": %q}\n", task)})
	}
	entries = append(entries, entry{name: "manifest.txt", body: []byte("archive " + id + "\n")})
	body, err := zipAround(entries, "lib/ballast.bin", r.emulator.config.ArchiveSize)
	if err != nil {
		return err
	}
	r.archives[id] = &romaArchive{body: body, job: job}
	r.emulator.contents.put("roma/"+id, body)
	return nil
}

func (r *roma) status(c *call) (reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := slices.IndexFunc(r.jobs, func(job *romaJob) bool { return job.id == c.vars["job_id"] })
	if n < 0 {
		return reply{}, errROMAMissing(c.vars["job_id"], "the job does not exist")
	}
	job := r.jobs[n]
	return jsonReply(http.StatusOK, r.describe(job, c.now))
}

// describe writes a job in its dialect. The even ones: upper case, times as text, "reason". The odd ones: capitalized
// status, times as milliseconds, "reasons". The documentation shows all of it; the official SDK knows "reasons" only
// and cannot read a time that is a number. In both dialects "Finished" means downloaded.
func (r *roma) describe(job *romaJob, now time.Time) map[string]any {
	odd := job.number%2 == 1
	stamp := func(t time.Time) any {
		if odd {
			return t.UnixMilli()
		}
		return t.UTC().Format(time.RFC3339)
	}
	out := map[string]any{"id": job.id, "type": pick(odd, "exportAsset", "EXPORT_ASSET"), "begin_time": stamp(job.begin)}
	if now.Before(job.end) {
		out["status"] = pick(odd, "Running", "RUNNING")
		out["progress_percent"] = max(now.Sub(job.begin).Seconds(), 0) / job.end.Sub(job.begin).Seconds()
		return out
	}
	out["end_time"], out["progress_percent"] = stamp(job.end), 1
	switch {
	case job.failing:
		out["status"] = pick(odd, "Failed", "FAILED")
		out[pick(odd, "reasons", "reason")] = []map[string]string{{"resource_type": "application",
			"resource_name": romaApps()[ROMAFailingAppID], "error_code": "ROMA.00000101", "error_msg": "some error details here"}}
	case r.archives[job.archiveID].taken:
		out["status"] = "Finished"
	default:
		out["status"] = pick(odd, "Success", "SUCCEEDED")
		out["archive_id"] = job.archiveID
	}
	return out
}

func pick(odd bool, whenOdd, whenEven string) string {
	if odd {
		return whenOdd
	}
	return whenEven
}

// download hands a package out once. It is used up here, before the first byte leaves: a client that loses the rest
// cannot come back.
func (r *roma) download(c *call) (reply, error) {
	id := c.vars["archive_id"]
	r.mu.Lock()
	defer r.mu.Unlock()
	archive, ok := r.archives[id]
	switch {
	case !ok || archive.job != nil && c.now.Before(archive.job.end):
		return reply{}, errROMAMissing(id, "the asset package does not exist")
	case archive.taken:
		return reply{}, errROMAMissing(id, "the asset package does not exist or has been downloaded")
	}
	archive.taken = true
	return fileReply("asset_"+strings.ToLower(id)+".zip", typeStream, archive.body), nil
}
