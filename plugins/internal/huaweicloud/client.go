package huaweicloud

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Environment returns the value of a variable, empty when it is not set: os.Getenv in a binary, a map in a test.
type Environment func(name string) string

// Client talks to one service. It is safe for concurrent use.
type Client struct {
	service     Service
	env         Environment
	transport   func() (*http.Transport, error)
	regions     sync.Mutex // the official SDK's table of endpoint overrides is not safe for concurrent use
	cache       cache
	suggestions suggestions
	limits      limits
	readFile    func(name string) ([]byte, error)
	now         func() time.Time
	sleep       func(context.Context, time.Duration) error
}

// limits are the waits of a client; tests shorten them.
type limits struct {
	dial       time.Duration // to connect, and as long again for TLS
	answer     time.Duration // for a reply to begin
	download   time.Duration // for a download to begin: the cloud may have to make the file first
	onceOnly   time.Duration // for a download to begin that cannot be repeated
	stall      time.Duration // between two bytes of a body
	fullDisk   time.Duration // for space on a full disk, when the download cannot be repeated
	diskPause  time.Duration // between two tries to write to a full disk
	agency     time.Duration // for the metadata service in all
	firstPause time.Duration // before the first retry; doubles
	longPause  time.Duration // the longest wait that a Retry-After can ask for
	retries    int
}

func defaultLimits() limits {
	return limits{
		dial: 5 * time.Second, answer: 10 * time.Second, download: 30 * time.Second, onceOnly: 5 * time.Minute,
		stall: 30 * time.Second, fullDisk: 2 * time.Minute, diskPause: 2 * time.Second, agency: 3 * time.Second, firstPause: 250 * time.Millisecond, longPause: 30 * time.Second, retries: 3,
	}
}

// NewClient returns a client of the service. It does no I/O: what it needs is read at the first call.
//
// The credential is the first of: HUAWEICLOUD_AUTH_TOKEN; HUAWEICLOUD_SDK_AK and _SK (with _SECURITY_TOKEN when they
// are temporary); HUAWEICLOUD_USER_NAME, _USER_PASSWORD and _DOMAIN_NAME, which are exchanged for a token; the [basic]
// section of ~/.huaweicloud/credentials; the agency of the ECS it runs on. A half-set way is an error, not skipped.
// The region is the argument, or HUAWEICLOUD_REGION. The project is the argument, HUAWEICLOUD_SDK_PROJECT_ID, the
// credentials file's, or what IAM says is the project of the region. The endpoint is HUAWEICLOUD_ENDPOINT_<service>, or what
// the official SDK knows for the region, its own overrides included.
func NewClient(service Service, env Environment) *Client {
	c := &Client{
		service: service, env: env, limits: defaultLimits(), readFile: readSetting, now: time.Now, sleep: sleep,
	}
	c.cache.init()
	c.transport = sync.OnceValues(c.newTransport)
	return c
}

// Target is where a call goes. Every cloud tool embeds it in its arguments, without a json tag, so that its fields
// become arguments of the tool.
type Target struct {
	Region    string `json:"region,omitempty" jsonschema:"maxLength=64,pattern=^[a-z][a-z0-9-]*$" jsonschema_description:"Region id such as cn-north-4; HUAWEICLOUD_REGION of the server by default."`
	ProjectID string `json:"project_id,omitempty" jsonschema:"maxLength=64,pattern=^[A-Za-z0-9_-]+$" jsonschema_description:"Project id; by default the server's setting, or the region's own project."`
}

// sleep waits, or returns the context's error as soon as it is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
