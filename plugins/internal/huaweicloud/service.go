package huaweicloud

import (
	"runtime"
	"strings"

	"mcp-server/sdk"
)

// Service names a cloud service, and with it the endpoint override HUAWEICLOUD_ENDPOINT_<service>.
type Service string

// The services.
const (
	HTAP Service = "HTAP" // TaurusDB, which contains HTAP
	DRS  Service = "DRS"
	RFS  Service = "RFS" // named AOS in the official SDK
	ROMA Service = "ROMA"
	IAM  Service = "IAM"

	obs Service = "OBS" // only by pre-signed links; its endpoint is a permission, not where they lead
)

// The variables that are read. The HUAWEICLOUD_SDK_ ones are those of the official SDKs.
const (
	envToken         = "HUAWEICLOUD_AUTH_TOKEN"
	envAK            = "HUAWEICLOUD_SDK_AK"
	envSK            = "HUAWEICLOUD_SDK_SK"
	envSecurityToken = "HUAWEICLOUD_SDK_SECURITY_TOKEN"
	envUser          = "HUAWEICLOUD_USER_NAME"
	envPassword      = "HUAWEICLOUD_USER_PASSWORD"
	envDomainName    = "HUAWEICLOUD_DOMAIN_NAME"
	envDomainID      = "HUAWEICLOUD_SDK_DOMAIN_ID"
	envProfile       = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
	envMetadata      = "HUAWEICLOUD_METADATA_ENDPOINT"
	envRegion        = "HUAWEICLOUD_REGION"
	envProject       = "HUAWEICLOUD_SDK_PROJECT_ID"
	envRegionsFile   = "HUAWEICLOUD_SDK_REGIONS_FILE"
	envIAMEndpoint   = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
	envEndpoint      = "HUAWEICLOUD_ENDPOINT_" // and the service
	envCertFile      = "SSL_CERT_FILE"
	envCertFolder    = "SSL_CERT_DIR"
)

// Permissions returns what a plugin for the service asks of its host.
func Permissions(service Service) sdk.Permissions {
	home := "HOME"
	if runtime.GOOS == "windows" {
		home = "USERPROFILE"
	}
	environment := []sdk.EnvVar{
		{Name: envAK, Description: "Access key id.", Secret: true},
		{Name: envSK, Description: "Secret access key.", Secret: true},
		{Name: envSecurityToken, Description: "Security token of a temporary access key.", Secret: true},
		{Name: envToken, Description: "A ready IAM token; goes before the access key.", Secret: true},
		{Name: envUser, Description: "IAM user name, for a token by password."},
		{Name: envPassword, Description: "Password of the IAM user.", Secret: true},
		{Name: envDomainName, Description: "Account (domain) name of the IAM user."},
		{Name: envDomainID, Description: "Account (domain) id of the IAM user, instead of the name."},
		{Name: envProfile, Description: "Credentials file; ~/.huaweicloud/credentials by default."},
		{Name: envMetadata, Description: `Metadata service of an ECS, whose agency gives credentials; "off" leaves it out.`},
		{Name: envRegion, Description: "Region used when a tool's argument names none, such as cn-north-4."},
		{Name: envProject, Description: "Project id used when a tool's argument names none."},
		{Name: envRegionsFile, Description: "Endpoint file of the official SDK; ~/.huaweicloud/regions.yaml by default."},
		{Name: envIAMEndpoint, Description: "Endpoint of IAM, as in the official SDK."},
		{Name: envEndpoint + string(service), Description: "Endpoint of the service, for private clouds and tests."},
	}
	if service != IAM {
		environment = append(environment,
			sdk.EnvVar{Name: envEndpoint + string(IAM), Description: "Endpoint of IAM, for private clouds and tests."})
	}
	environment = append(environment,
		sdk.EnvVar{Name: envEndpoint + string(obs), Description: "Where pre-signed links of a private cloud or a test lead."},
		sdk.EnvVar{Name: home, Description: "Home folder, where the files of the official SDK are."},
		sdk.EnvVar{Name: envCertFile, Description: "Certificates to trust besides the system's, as PEM."},
		sdk.EnvVar{Name: envCertFolder, Description: "Folder of certificates to trust."})
	return sdk.Permissions{
		Hosts:       hosts(service),
		Environment: environment,
		Folders:     []string{"~/.huaweicloud", "$" + envProfile, "$" + envRegionsFile, "$" + envCertFile, "$" + envCertFolder},
	}
}

// inside is where the cloud's own DNS leads to from within it: services answer there at addresses that are not public.
const inside = "100.125.0.0/16"

// hosts are where the public cloud answers, the metadata service of an ECS, and what the user names.
func hosts(service Service) []string {
	all := []string{
		"*.myhuaweicloud.com", "*.myhuaweicloud.eu", inside, strings.TrimPrefix(metadataEndpoint, "http://"),
		"$" + envEndpoint + string(service), "$" + envEndpoint + string(obs), "$" + envIAMEndpoint, "$" + envMetadata,
	}
	if service != IAM {
		all = append(all, "$"+envEndpoint+string(IAM))
	}
	return all
}
