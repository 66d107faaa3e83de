package emulator_test

import (
	"testing"
	"time"

	roma "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/roma/v2"
	romamodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/roma/v2/model"

	"mcp-server/internal/emulator"
)

func TestSDKROMA(t *testing.T) {
	c, dial := sdk(t)
	client := roma.NewRomaClient(dial(roma.RomaClientBuilder(), "ROMA"))
	instances, err := client.CheckRomaInstanceListV2(&romamodel.CheckRomaInstanceListV2Request{})
	if err != nil || *instances.Total != 2 || *(*instances.Instances)[0].Id != emulator.ROMAInstanceID {
		t.Fatalf("instances %v, %v", instances, err)
	}
	apps, err := client.ListRomaApp(&romamodel.ListRomaAppRequest{InstanceId: emulator.ROMAInstanceID})
	if err != nil || *apps.Total != 3 {
		t.Fatalf("apps %v, %v", apps, err)
	}
	tasks, err := client.ListTasks(&romamodel.ListTasksRequest{InstanceId: emulator.ROMAInstanceID})
	if err != nil || *(*tasks.Entities)[0].TaskId != emulator.ROMATaskID {
		t.Fatalf("tasks %v, %v", tasks, err)
	}
	job, err := client.ExportAsset(&romamodel.ExportAssetRequest{InstanceId: emulator.ROMAInstanceID, Body: &romamodel.AssetExportRequest{
		Apps:  []romamodel.AssetExportRequestApps{{Id: (*apps.Apps)[0].Id}},
		Tasks: &[]romamodel.AssetExportRequestTasks{{Id: ptr(emulator.ROMATaskID)}}}})
	if err != nil {
		t.Fatal(err)
	}
	status := func() *romamodel.CheckAssetJobStatusResponse {
		got, err := client.CheckAssetJobStatus(&romamodel.CheckAssetJobStatusRequest{InstanceId: emulator.ROMAInstanceID, JobId: *job.JobId})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := status(); got.Status.Value() != "RUNNING" || got.ArchiveId != nil {
		t.Errorf("status %v", got)
	}
	c.clock.Advance(time.Second)
	done := status()
	if done.Status.Value() != "SUCCEEDED" || done.ArchiveId == nil || *done.ProgressPercent != 1 {
		t.Fatalf("status %v", done)
	}
	request := &romamodel.DownloadAssetArchiveRequest{InstanceId: emulator.ROMAInstanceID, ArchiveId: *done.ArchiveId}
	file, err := client.DownloadAssetArchive(request)
	c.consume(err, file, "roma/"+*done.ArchiveId)
	_, err = client.DownloadAssetArchive(request)
	wantSDKError(t, err, 404, "ROMA.00110006")
}
