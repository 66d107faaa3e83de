package emulator_test

import (
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	drs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/drs/v5"
	drsmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/drs/v5/model"
	iam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3"
	iammodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3/model"

	"mcp-server/internal/emulator"
)

func TestSDKIAM(t *testing.T) {
	c, _ := sdk(t)
	keys := c.Credentials()
	credentials, err := global.NewCredentialsBuilder().WithAk(keys.AK).WithSk(keys.SK).WithDomainId("domain").SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	built, err := iam.IamClientBuilder().WithEndpoint(c.Endpoint("IAM")).WithCredential(credentials).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client := iam.NewIamClient(built)
	projects, err := client.KeystoneListProjects(&iammodel.KeystoneListProjectsRequest{Name: ptr(emulator.Region)})
	if err != nil || len(*projects.Projects) != 1 || (*projects.Projects)[0].Id != emulator.ProjectID {
		t.Fatalf("projects %v, %v", projects, err)
	}
	token, err := client.KeystoneCreateUserTokenByPassword(&iammodel.KeystoneCreateUserTokenByPasswordRequest{
		Body: &iammodel.KeystoneCreateUserTokenByPasswordRequestBody{Auth: &iammodel.PwdAuth{
			Identity: &iammodel.PwdIdentity{
				Methods: []iammodel.PwdIdentityMethods{iammodel.GetPwdIdentityMethodsEnum().PASSWORD},
				Password: &iammodel.PwdPassword{User: &iammodel.PwdPasswordUser{Name: keys.UserName, Password: keys.Password,
					Domain: &iammodel.PwdPasswordUserDomain{Name: keys.DomainName}}}},
			Scope: &iammodel.AuthScope{Project: &iammodel.AuthScopeProject{Name: ptr(emulator.Region)}}}}})
	if err != nil || token.XSubjectToken == nil || token.Token.Project.Id != emulator.ProjectID || len(token.Token.Catalog) == 0 {
		t.Fatalf("token %v, %v", token, err)
	}
	r := c.request("GET", "DRS", anyList, "")
	r.Header.Set("X-Auth-Token", *token.XSubjectToken)
	c.do(r).want(t, 200, "count")
}

// A client without a project id looks it up in IAM.
func TestSDKProjectLookup(t *testing.T) {
	c, _ := sdk(t)
	keys := c.Credentials()
	credentials, err := basic.NewCredentialsBuilder().WithAk(keys.AK).WithSk(keys.SK).
		WithIamEndpointOverride(c.Endpoint("IAM")).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	built, err := drs.DrsClientBuilder().WithRegion(region.NewRegion(emulator.Region, c.Endpoint("DRS"))).
		WithCredential(credentials).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = drs.NewDrsClient(built).ListTemplates(&drsmodel.ListTemplatesRequest{}); err != nil {
		t.Error(err)
	}
}

func TestSDKTemporaryKey(t *testing.T) {
	c, _ := sdk(t)
	keys := c.Credentials()
	for token, want := range map[string]int{keys.SecurityToken: 200, "other": 401} {
		credentials, err := basic.NewCredentialsBuilder().WithAk(keys.TemporaryAK).WithSk(keys.TemporarySK).
			WithSecurityToken(token).WithProjectId(keys.ProjectID).SafeBuild()
		if err != nil {
			t.Fatal(err)
		}
		built, err := drs.DrsClientBuilder().WithEndpoint(c.Endpoint("DRS")).WithCredential(credentials).SafeBuild()
		if err != nil {
			t.Fatal(err)
		}
		_, err = drs.NewDrsClient(built).ListTemplates(&drsmodel.ListTemplatesRequest{})
		if want == 200 && err != nil {
			t.Errorf("the temporary key was refused: %v", err)
		}
		if want != 200 {
			wantSDKError(t, err, want, "APIGW.0301")
		}
	}
}
