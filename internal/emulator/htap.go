package emulator

import (
	"net/http"
	"regexp"
)

// htap is the standard HTAP part of TaurusDB
// (https://support.huaweicloud.com/intl/en-us/api-taurusdb/DownloadImportExcelTemplate.html).
type htap struct {
	emulator *Emulator
	taurus   *regexp.Regexp
	standard *regexp.Regexp
}

func newHTAP(e *Emulator) (*htap, error) {
	for name, sheets := range map[string][]sheet{"": htapSheets(), "/zh-cn": htapSheetsChinese()} {
		body, err := workbook(sheets)
		if err != nil {
			return nil, err
		}
		e.contents.put("htap/"+HTAPInstanceID+name, plain(body))
	}
	return &htap{emulator: e, taurus: regexp.MustCompile(`^[0-9a-z]{32}in07$`),
		standard: regexp.MustCompile(`^[0-9a-z]{32}in17$`)}, nil
}

func (h *htap) routes() []route {
	return []route{
		{method: http.MethodGet, path: "/v3/{project_id}/instances/{instance_id}/htap", handle: h.list},
		{method: http.MethodGet, path: "/v3/{project_id}/instances/{instance_id}/htap/template", handle: h.template},
	}
}

func errHTAPParameter() *failure {
	return fail(http.StatusBadRequest, "DBS.200001", "Parameter error.")
}

func errHTAPInstance() *failure {
	return fail(http.StatusNotFound, "DBS.200002", "The DB instance does not exist.")
}

// list returns the HTAP instances of a TaurusDB instance, of both kinds. The documentation demands a Content-Type on
// this GET; as the cloud's gateway does, the emulator does not insist.
func (h *htap) list(c *call) (reply, error) {
	id := c.vars["instance_id"]
	if !h.taurus.MatchString(id) {
		return reply{}, errHTAPParameter()
	}
	if id != TaurusDBInstanceID {
		return reply{}, errHTAPInstance()
	}
	return jsonReply(http.StatusOK, map[string]any{"total": 2, "max_htap_instance_num_of_taurus": 5,
		"instances": []map[string]any{
			htapInstance(HTAPInstanceID, "htap-standard", "starrocks", "3.1.6.0", "172.16.0.17", 9030),
			htapInstance(LightweightHTAPInstanceID, "htap-lightweight", "clickhouse", "22.3.9.19", "172.16.0.16", 8123),
		}})
}

func htapInstance(id, name, engine, version, address string, port int) map[string]any {
	return map[string]any{
		"id": id, "name": name, "engine_name": engine, "engine_version": version, "project_id": ProjectID,
		"instance_state": map[string]any{"instance_status": "normal", "create_fail_error_code": "", "fail_message": "",
			"wait_restart_for_params": false},
		"create_at": int64(1751535910000), "is_frozen": false, "ha_mode": "Cluster", "pay_model": "0",
		"data_vip": address, "port": port, "node_num": 1, "volume_type": "ESSD", "enterprise_project_id": "0",
		"available_zones": []map[string]any{{"code": Region + "a", "description": "AZ1", "az_type": "master"}},
	}
}

// template hands out the workbook. A file stream without a type and one with the type of a workbook are both seen
// in the wild; each language shows one of them.
func (h *htap) template(c *call) (reply, error) {
	id := c.vars["instance_id"]
	if !h.standard.MatchString(id) || c.URL.Query().Get("template_type") != "import_async" {
		return reply{}, errHTAPParameter()
	}
	if id != HTAPInstanceID {
		return reply{}, errHTAPInstance()
	}
	if c.Header.Get("X-Language") == "zh-cn" {
		body, _ := h.emulator.contents.get("htap/" + id + "/zh-cn")
		return fileReply("HTAP数据同步模板.xlsx", typeXLSX, body), nil
	}
	body, _ := h.emulator.contents.get("htap/" + id)
	return fileReply("htap_import_template.xlsx", typeStream, body), nil
}

// The columns follow what the import of the filled-in template reports back: database, table and table configuration.

func htapSheets() []sheet {
	return []sheet{
		{name: "Instructions", rows: [][]string{
			{"Data synchronization template"},
			{"Enter one table per row in the sheet Tables. Do not rename the sheets or change the header row."},
			{"Import the file with the databases to synchronize selected."},
		}},
		{name: "Tables", rows: [][]string{
			{"Database Name", "Table Name", "Configuration Name", "Configuration Value"},
			{"sales", "orders", "key_columns", "id,region"},
			{"sales", "customers", "distributed_columns", "id"},
		}},
	}
}

func htapSheetsChinese() []sheet {
	return []sheet{
		{name: "填写说明", rows: [][]string{
			{"数据同步模板"},
			{"请在“库表”页中每行填写一张表，不要修改页名和表头。"},
			{"导入文件时请选择需要同步的数据库。"},
		}},
		{name: "库表", rows: [][]string{
			{"库名", "表名", "配置项", "配置值"},
			{"sales", "orders", "key_columns", "id,region"},
			{"sales", "customers", "distributed_columns", "id"},
		}},
	}
}
