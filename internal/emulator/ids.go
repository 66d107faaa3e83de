package emulator

// Service names as Endpoint, Fault and Request use them.
const (
	ServiceHTAP = "HTAP"
	ServiceDRS  = "DRS"
	ServiceRFS  = "RFS"
	ServiceROMA = "ROMA"
	ServiceIAM  = "IAM"
	ServiceOBS  = "OBS"
)

// Region and ProjectID are the only region and project that the services know; IAM lists a second project that
// they refuse.
const (
	Region         = "cn-north-4"
	ProjectID      = "00000000000000000000000000e1e2e3"
	otherRegion    = "cn-east-3"
	otherProjectID = "00000000000000000000000000f1f2f3"
	domainID       = "00000000000000000000000000d0d1d2"
	userID         = "00000000000000000000000000a0a1a2"
)

// Instances of TaurusDB. The suffix tells the kind: in07 the database itself, in17 its standard HTAP instance
// (StarRocks, the one with a template), in16 its lightweight HTAP instance (ClickHouse, without one).
const (
	TaurusDBInstanceID        = "f6df5f5cd3bf447baa8fb0373f8e5992in07"
	HTAPInstanceID            = "a1b2c3d4e5f60718293a4b5c6d7e8f90in17"
	LightweightHTAPInstanceID = "70e48e789af7075e1efea1f00c1d2e3fin16"
)

// Tasks of DRS. Their ids look like UUIDs and are not: the last group ends in jb and a number.
const (
	// DRSJobID is a PostgreSQL synchronization task; its exports end with the documented "success".
	DRSJobID = "2e69ebb1-f06d-4eb2-a789-2883629jb204"
	// DRSUpperCaseJobID is a MySQL synchronization task; its exports end with "SUCCESS".
	DRSUpperCaseJobID = "5b8f3f6a-0c51-4c2b-9f0e-7d1a4f2jb201"
	// DRSFailingJobID is a task whose exports end with "failed".
	DRSFailingJobID = "c0ffee00-dead-4bad-8bad-0badbadjb209"
	// DRSMigrationJobID is a MySQL task of job_type migration.
	DRSMigrationJobID = "9a7d2c1e-33b4-4f6a-8e21-6c0d9e1jb101"
	// DRSOldFileName is a file exported from DRSJobID long ago: a client that takes any file of the task instead of
	// its own export's picks this one.
	DRSOldFileName = DRSJobID + "_postgresql_20250703094510.xlsx"
)

// Templates of RFS.
const (
	// RFSTemplateName has three versions of Terraform text.
	RFSTemplateName = "my_first_template"
	// RFSChineseTemplateName has two versions of Terraform text; its name needs percent-encoding.
	RFSChineseTemplateName = "网络模板"
	// RFSZipTemplateName has one version of text and a second, V2, that is a zip.
	RFSZipTemplateName = "landing-zone"
	// RFSJSONTemplateName has one version, a .tf.json.
	RFSJSONTemplateName = "json_syntax"
	// RFSManyVersionsTemplateName has ten versions: as text, V10 sorts before V9.
	RFSManyVersionsTemplateName = "my_second_template"
	// RFSTemplateID is the id of RFSTemplateName.
	RFSTemplateID = "69f8d5ea-eaa4-4a3b-a96d-bae9230e97c8"
)

// The ROMA instance, its applications and its FDI task.
const (
	ROMAInstanceID  = "13760c1f-e865-4e61-a09b-75665e9bef43"
	ROMAAppID       = "b1e6b1e6-4f3f-4a80-bb45-f4b9039f95a3"
	ROMASecondAppID = "c2f7c2f7-5a40-4b91-8c56-a5ca14a0a6b4"
	// ROMAFailingAppID is an application whose export fails with a reason.
	ROMAFailingAppID = "d308d308-6b51-4ca2-9d67-b6db25b1b7c5"
	ROMATaskID       = "4f1c0d9a7b3e42d58a6690f1e2d3c4b5"
	// ROMAArchiveID is a package that can be downloaded, once, without an export before.
	ROMAArchiveID = "5f0e1d2c3b4a59687f6e5d4c3b2a1908"
)

// Credentials holds everything that the emulator lets in. All values are made up.
type Credentials struct {
	AK, SK string
	// OtherAK and OtherSK are another user's key for the same project.
	OtherAK, OtherSK string
	// A temporary key works only with SecurityToken in a signed X-Security-Token header.
	TemporaryAK, TemporarySK, SecurityToken string
	ProjectID, Region                       string
	UserName, Password, DomainName          string
	// Token is an IAM token, valid for Config.TokenTTL from the start.
	Token string
}

func defaultCredentials() Credentials {
	return Credentials{
		AK:            "EMULATORACCESSKEY000",
		SK:            "emulator-secret-key-that-opens-nothing",
		OtherAK:       "EMULATOROTHERKEY0000",
		OtherSK:       "emulator-other-secret-key-that-opens-nothing",
		TemporaryAK:   "EMULATORTEMPORARYKEY",
		TemporarySK:   "emulator-temporary-key-that-opens-nothing",
		SecurityToken: "emulator-security-token-that-opens-nothing",
		ProjectID:     ProjectID,
		Region:        Region,
		UserName:      "emulator-user",
		Password:      "emulator-password",
		DomainName:    "emulator-domain",
		Token:         "EMULATOR-TOKEN-THAT-OPENS-NOTHING",
	}
}
