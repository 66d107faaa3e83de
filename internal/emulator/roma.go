package emulator

import (
	"net/http"
	"slices"
	"sync"
)

// roma is the asset management of ROMA Connect with the lists that lead to it
// (https://support.huaweicloud.com/intl/en-us/api-roma/DownloadAssetArchive.html and its neighbours).
type roma struct {
	emulator *Emulator
	mu       sync.Mutex
	jobs     []*romaJob // in the order of their start
	archives map[string]*romaArchive
}

func newROMA(e *Emulator) (*roma, error) {
	r := &roma{emulator: e, archives: map[string]*romaArchive{}}
	return r, r.addArchive(ROMAArchiveID, []string{ROMAAppID}, []string{ROMATaskID}, nil)
}

func (r *roma) routes() []route {
	const instance = "/v2/{project_id}/instances/{instance_id}"
	return []route{
		{method: http.MethodGet, path: "/v2/{project_id}/instances", handle: r.listInstances},
		{method: http.MethodGet, path: instance + "/apps", handle: onInstance(r.listApps)},
		{method: http.MethodGet, path: "/v2/{project_id}/fdi/instances/{instance_id}/tasks", handle: onInstance(r.listTasks)},
		{method: http.MethodPost, path: instance + "/assets/export", handle: onInstance(r.export)},
		{method: http.MethodGet, path: instance + "/assets/jobs/{job_id}", handle: onInstance(r.status)},
		{method: http.MethodGet, path: instance + "/assets/archives/{archive_id}", handle: onInstance(r.download)},
	}
}

// onInstance lets through only what is meant for the one instance.
func onInstance(next handler) handler {
	return func(c *call) (reply, error) {
		if id := c.vars["instance_id"]; id != ROMAInstanceID {
			return reply{}, errROMAMissing(id, "the instance does not exist in the project")
		}
		return next(c)
	}
}

func errROMA(status int, code, message, details string) *failure {
	return &failure{status: status, code: code, message: message, details: details}
}

func errROMAMissing(id, details string) *failure {
	return errROMA(http.StatusNotFound, "ROMA.00110006",
		"The resource does not exist. Check whether the resource ID "+id+" is correct.", details)
}

func errROMAParameter(details string) *failure {
	return errROMA(http.StatusBadRequest, "ROMA.13000", "Invalid parameters", details)
}

// romaPage cuts a list and describes it the way all ROMA lists do.
func romaPage(c *call, name string, list []map[string]any) (reply, error) {
	page, bad := window(list, c.URL.Query(), 20)
	if bad != "" {
		return reply{}, errROMAParameter(bad)
	}
	if page == nil {
		page = []map[string]any{}
	}
	return jsonReply(http.StatusOK, map[string]any{"total": len(list), "size": len(page), name: page})
}

func (r *roma) listInstances(c *call) (reply, error) {
	list := []map[string]any{
		romaInstance(ROMAInstanceID, "roma-basic", "RUNNING"),
		romaInstance("0f0e0d0c-0b0a-4908-8706-050403020100", "roma-frozen", "FROZEN"),
	}
	status := c.URL.Query().Get("status")
	list = slices.DeleteFunc(list, func(instance map[string]any) bool {
		return status != "" && instance["status"] != status
	})
	return romaPage(c, "instances", list)
}

func romaInstance(id, name, status string) map[string]any {
	return map[string]any{"id": id, "name": name, "description": "", "status": status,
		"flavor_id": "00300-30101-0--0", "flavor_type": "basic", "cpu_arch": "x86_64",
		"vpc_id": "a3a3a3a3-b4b4-4c5c-8d6d-e7e7e7e7e7e7", "subnet_id": "b4b4b4b4-c5c5-4d6d-9e7e-f8f8f8f8f8f8",
		"publicip_enable": false, "publicip_address": "", "charge_type": "postPaid", "project_id": ProjectID,
		"create_time": "2025-07-01T08:00:00Z", "update_time": "2025-07-01T08:30:00Z"}
}

// romaApps returns the applications' names by id.
func romaApps() map[string]string {
	return map[string]string{ROMAAppID: "orders", ROMASecondAppID: "订单接口", ROMAFailingAppID: "broken"}
}

func (r *roma) listApps(c *call) (reply, error) {
	var list []map[string]any
	for _, id := range []string{ROMAAppID, ROMASecondAppID, ROMAFailingAppID} {
		name := romaApps()[id]
		if wanted := c.URL.Query().Get("name"); wanted != "" && wanted != name {
			continue
		}
		list = append(list, map[string]any{"id": id, "name": name, "remark": "", "roles": []string{"admin"},
			"create_time": "2025-07-01T08:00:00Z", "update_time": "2025-07-02T08:00:00Z", "owner": true,
			"key": name + "-key", "favorite": false,
			"created_user": map[string]any{"user_id": userID, "user_name": r.emulator.credentials.UserName}})
	}
	return romaPage(c, "apps", list)
}

func (r *roma) listTasks(c *call) (reply, error) {
	return romaPage(c, "entities", []map[string]any{{"task_id": ROMATaskID, "task_name": "orders-to-warehouse",
		"task_type": "TIMING", "status": 1, "created_date": "2025-07-01T08:00:00Z", "version": "1",
		"last_modified_time": int64(1751443200000), "execute_status": "SUCCESS", "source_app_id": ROMAAppID,
		"target_app_id": ROMASecondAppID}})
}
