package emulator_test

import (
	"testing"
	"time"

	drs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/drs/v5"
	drsmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/drs/v5/model"

	"mcp-server/internal/emulator"
)

func TestSDKDRS(t *testing.T) {
	c, dial := sdk(t)
	client := drs.NewDrsClient(dial(drs.DrsClientBuilder(), "DRS"))
	jobs, err := client.ListJobs(&drsmodel.ListJobsRequest{JobType: drsmodel.GetListJobsRequestJobTypeEnum().SYNC, Limit: ptr(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	if jobs.TotalCount != 3 || len(jobs.Jobs) != 1 || jobs.Jobs[0].Id != emulator.DRSJobID {
		t.Errorf("jobs %v", jobs)
	}
	accepted, err := client.ExportCreationTemplate(&drsmodel.ExportCreationTemplateRequest{
		Body: &drsmodel.ExportJobsTemplateReq{Jobs: []string{emulator.DRSJobID}}})
	if err != nil {
		t.Fatal(err)
	}
	if accepted.HttpStatusCode != 202 || *accepted.Status != "SUCCESS" {
		t.Errorf("accepted %v", accepted)
	}
	for _, want := range []string{"pending", "success"} {
		got, err := client.ShowExportProgress(&drsmodel.ShowExportProgressRequest{AsyncJobId: *accepted.Id})
		if err != nil || *got.ProcessStatus != want {
			t.Errorf("progress %v, %v, want %s", got, err, want)
		}
		c.clock.Advance(time.Second)
	}
	files, err := client.ListTemplates(&drsmodel.ListTemplatesRequest{Offset: ptr(int32(0)), Limit: ptr(int32(10))})
	if err != nil {
		t.Fatal(err)
	}
	name := *(*files.ExportReportObsFiles)[0].FileName
	file, err := client.DownloadCreateTemplate(&drsmodel.DownloadCreateTemplateRequest{Body: &drsmodel.ExportFilesReq{Files: []string{name}}})
	c.consume(err, file, "drs/"+name)
	_, err = client.ShowExportProgress(&drsmodel.ShowExportProgressRequest{AsyncJobId: "nosuch"})
	wantSDKError(t, err, 400, "DRS.10000010")
}
