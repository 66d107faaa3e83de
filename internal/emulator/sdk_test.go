package emulator_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	gaussdbmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"

	"mcp-server/internal/emulator"
)

// The tests of this file are the emulator's proof against a client that we did not write: the official SDK signs,
// encodes and decodes. They set HOME, because the SDK writes a file there, and so do not run in parallel.

// sdk is a started emulator with a way to reach it by the SDK's own HTTP client.
func sdk(t *testing.T) (*client, func(*core.HcHttpClientBuilder, string) *core.HcHttpClient) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	c := start(t, emulator.Config{})
	keys := c.Credentials()
	return c, func(builder *core.HcHttpClientBuilder, service string) *core.HcHttpClient {
		t.Helper()
		credentials, err := basic.NewCredentialsBuilder().WithAk(keys.AK).WithSk(keys.SK).WithProjectId(keys.ProjectID).SafeBuild()
		if err != nil {
			t.Fatal(err)
		}
		built, err := builder.WithEndpoint(c.Endpoint(service)).WithCredential(credentials).
			WithHttpConfig(config.DefaultHttpConfig().WithTimeout(20 * time.Second)).SafeBuild()
		if err != nil {
			t.Fatal(err)
		}
		return built
	}
}

// consume reads a stream response the way the SDK hands it over.
func (c *client) consume(err error, response interface {
	Consume(w io.Writer) (int64, error)
}, name string) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
	var body bytes.Buffer
	_, err = response.Consume(&body)
	c.sameAs(answer{body: body.Bytes(), err: err}, name)
}

func ptr[T any](v T) *T { return &v }

func TestSDKHTAP(t *testing.T) {
	c, dial := sdk(t)
	client := gaussdb.NewGaussDBClient(dial(gaussdb.GaussDBClientBuilder(), "HTAP"))
	list, err := client.ListHtapInstanceInfo(&gaussdbmodel.ListHtapInstanceInfoRequest{
		InstanceId: emulator.TaurusDBInstanceID, ContentType: "application/json"})
	if err != nil {
		t.Fatal(err)
	}
	if *list.Total != 2 || *(*list.Instances)[0].Id != emulator.HTAPInstanceID || *(*list.Instances)[0].InstanceState.InstanceStatus != "normal" {
		t.Errorf("list %v", list)
	}
	request := &gaussdbmodel.DownloadImportExcelTemplateRequest{InstanceId: emulator.HTAPInstanceID, TemplateType: "import_async"}
	file, err := client.DownloadImportExcelTemplate(request)
	c.consume(err, file, "htap/"+emulator.HTAPInstanceID)
	request.XLanguage = ptr("zh-cn")
	file, err = client.DownloadImportExcelTemplate(request)
	c.consume(err, file, "htap/"+emulator.HTAPInstanceID+"/zh-cn")
	request.InstanceId = emulator.TaurusDBInstanceID
	_, err = client.DownloadImportExcelTemplate(request)
	wantSDKError(t, err, 400, "DBS.200001")
}

func wantSDKError(t *testing.T, err error, status int, code string) {
	t.Helper()
	failure, ok := errors.AsType[*sdkerr.ServiceResponseError](err)
	if !ok || failure.StatusCode != status || failure.ErrorCode != code || failure.RequestId == "" {
		t.Errorf("error %v, want %d %s with a request id", err, status, code)
	}
}
