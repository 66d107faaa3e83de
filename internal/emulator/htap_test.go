package emulator_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"mcp-server/internal/emulator"
)

const htapTemplate = "/v3/{p}/instances/" + emulator.HTAPInstanceID + "/htap/template"

func TestHTAPList(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	type list struct {
		Total     int
		Instances []struct{ ID string }
	}
	got := into[list](t, c.get("HTAP", "/v3/{p}/instances/"+emulator.TaurusDBInstanceID+"/htap"))
	want := list{Total: 2, Instances: []struct{ ID string }{{emulator.HTAPInstanceID}, {emulator.LightweightHTAPInstanceID}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	c.get("HTAP", "/v3/{p}/instances/"+emulator.HTAPInstanceID+"/htap").want(t, 400, "DBS.200001")
	c.get("HTAP", "/v3/{p}/instances/00000000000000000000000000000000in07/htap").want(t, 404, "DBS.200002")
}

func TestHTAPTemplate(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	got := c.get("HTAP", htapTemplate+"?template_type=import_async").want(t, 200, "PK")
	c.sameAs(got, "htap/"+emulator.HTAPInstanceID)
	if got.header.Get("Content-Type") != "application/octet-stream" ||
		got.header.Get("Content-Disposition") != "attachment; filename=htap_import_template.xlsx" {
		t.Errorf("header %v", got.header)
	}
	checkSheets(t, got.body, "Instructions", "Tables")

	r := c.request("GET", "HTAP", htapTemplate+"?template_type=import_async", "")
	r.Header.Set("X-Language", "zh-cn")
	c.sign(r, "")
	chinese := c.do(r).want(t, 200, "PK")
	c.sameAs(chinese, "htap/"+emulator.HTAPInstanceID+"/zh-cn")
	checkSheets(t, chinese.body, "填写说明", "库表")
}

// checkSheets opens the workbook with a reader and looks at its sheets and header row.
func checkSheets(t *testing.T, body []byte, want ...string) {
	t.Helper()
	file, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if diff := cmp.Diff(want, file.GetSheetList()); diff != "" {
		t.Errorf("sheets (-want +got):\n%s", diff)
	}
	rows, err := file.GetRows(want[len(want)-1])
	if err != nil || len(rows) < 2 || len(rows[0]) < 4 {
		t.Errorf("rows %q, %v", rows, err)
	}
}

func TestHTAPTemplateRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, emulator.Config{})
	const query = "/htap/template?template_type=import_async"
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		htapTemplate:                          {400, "DBS.200001"},
		htapTemplate + "?template_type=other": {400, "DBS.200001"},
		"/v3/{p}/instances/" + emulator.TaurusDBInstanceID + query:             {400, "DBS.200001"},
		"/v3/{p}/instances/" + emulator.LightweightHTAPInstanceID + query:      {400, "DBS.200001"},
		"/v3/{p}/instances/a%2Fb" + query:                                      {400, "DBS.200001"},
		"/v3/{p}/instances/00000000000000000000000000000000in17" + query:       {404, "DBS.200002"},
		"/v3/{p}/instances/" + emulator.HTAPInstanceID + "/htap/template/more": {404, "APIGW.0101"},
	} {
		c.get("HTAP", path).want(t, want.status, want.code)
	}
}
