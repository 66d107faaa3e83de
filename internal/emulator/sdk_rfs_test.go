package emulator_test

import (
	"testing"

	aos "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/aos/v1"
	aosmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/aos/v1/model"

	"mcp-server/internal/emulator"
)

const clientRequestID = "6f0c3a52-7f0e-4b38-9a52-0d6b5f3f9a11"

// sdkTemplates counts the templates of all pages.
func sdkTemplates(t *testing.T, client *aos.AosClient) (count int) {
	t.Helper()
	for marker := (*string)(nil); ; {
		page, err := client.ListTemplates(&aosmodel.ListTemplatesRequest{ClientRequestId: clientRequestID, Marker: marker})
		if err != nil {
			t.Fatal(err)
		}
		count += len(*page.Templates)
		if marker = page.PageInfo.NextMarker; marker == nil {
			return count
		}
	}
}

func TestSDKRFS(t *testing.T) {
	_, dial := sdk(t)
	client := aos.NewAosClient(dial(aos.AosClientBuilder(), "RFS"))
	if got := sdkTemplates(t, client); got != 5 {
		t.Errorf("%d templates on all pages, want 5", got)
	}
	versions, err := client.ListTemplateVersions(&aosmodel.ListTemplateVersionsRequest{ClientRequestId: clientRequestID,
		TemplateName: emulator.RFSTemplateName, Limit: ptr(int32(10)), TemplateId: ptr(emulator.RFSTemplateID)})
	if err != nil || len(*versions.Versions) != 3 {
		t.Fatalf("versions %v, %v", versions, err)
	}
	metadata, err := client.ShowTemplateMetadata(&aosmodel.ShowTemplateMetadataRequest{ClientRequestId: clientRequestID,
		TemplateName: emulator.RFSChineseTemplateName})
	if err != nil || metadata.TemplateName != emulator.RFSChineseTemplateName {
		t.Fatalf("metadata %v, %v", metadata, err)
	}
	version, err := client.ShowTemplateVersionMetadata(&aosmodel.ShowTemplateVersionMetadataRequest{ClientRequestId: clientRequestID,
		TemplateName: emulator.RFSChineseTemplateName, VersionId: "V1"})
	if err != nil || version.TemplateId != metadata.TemplateId {
		t.Fatalf("version %v, %v", version, err)
	}
	_, err = client.ShowTemplateMetadata(&aosmodel.ShowTemplateMetadataRequest{ClientRequestId: "short", TemplateName: "x"})
	wantSDKError(t, err, 400, "RF.10011006")
}

func TestSDKRFSContent(t *testing.T) {
	c, dial := sdk(t)
	client := aos.NewAosClient(dial(aos.AosClientBuilder(), "RFS"))
	for name, version := range map[string]string{emulator.RFSTemplateName: "V3", emulator.RFSChineseTemplateName: "V2", emulator.RFSZipTemplateName: "V2"} {
		content, err := client.ShowTemplateVersionContent(&aosmodel.ShowTemplateVersionContentRequest{ClientRequestId: clientRequestID,
			TemplateName: name, VersionId: version, AccessControlSourceIps: &[]string{"10.0.0.0/8", "127.0.0.0/8"}})
		if err != nil || content.HttpStatusCode != 307 || content.Location == nil {
			t.Fatalf("content %v, %v", content, err)
		}
		c.sameAs(c.fetch("GET", *content.Location), "rfs/"+name+"/"+version)
	}
}
