package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/internal/audit"
	"mcp-server/internal/egress"
	"mcp-server/internal/pluginfolder"
	"mcp-server/internal/supervisor"
	"mcp-server/internal/telemetry"
)

// Config says what a host serves and where it keeps things.
type Config struct {
	// PluginsDir is the folder of plugin binaries.
	PluginsDir string
	// DataDir is the folder of the artifact store.
	DataDir string
	// MinFree is how many bytes must be free on the disk of DataDir before a once-only download begins.
	MinFree uint64
	// Retention bounds what is kept in DataDir.
	Retention artifact.Retention
	// PreviewCommand is the program and its first arguments that end in [preview.Serve]. Without it archives and workbooks
	// have no preview.
	PreviewCommand []string
	// Version is the server's own version.
	Version string
	// Logger gets the host's and the plugins' log; nil discards it.
	Logger *slog.Logger
	// LookupEnv is the environment that plugins may ask for by name, as os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Profile returns the environment of a credential profile, and a text that is another when its values are others; nil
	// when there are no profiles but the server's own.
	Profile func(name string) (lookup func(string) (string, bool), version string, err error)
	// Stands reports whether a caller may still call, so that the work of one who may not is ended; nil says that all may.
	Stands func(access.Caller) bool
	// Policy is what may be called here, whoever calls.
	Policy access.Policy
	// NoConfirm fetches what is handed out once without asking the person behind a client that could be asked.
	NoConfirm bool
	// Telemetry records calls; nil records nothing.
	Telemetry *telemetry.Telemetry
	// Audit writes down who called what, before a call that changes something is answered; nil writes nothing.
	Audit *audit.Log
	// Transport is how calls come in, for both: stdio, http or cli.
	Transport string
	// PublicURL is where callers reach the server over HTTP, for links to stored files; empty where that is not known.
	PublicURL string
	// StartGrace is how long Start waits for plugins of which nothing is known; those that come later are added then. Default
	// 5 seconds.
	StartGrace time.Duration
	// WaitForAll has Start wait for the slowest plugin, too, as long as the grace lasts: nobody comes back for its tools.
	WaitForAll bool
	// Quiet leaves problems out of the log, for whoever shows [Host.Problems].
	Quiet bool
	// Plugins says how the plugins' processes are run.
	Plugins Processes
}

// Host is a running plugin host.
type Host struct {
	cfg       Config
	logger    *slog.Logger
	tenants   tenants
	cache     *pluginfolder.Cache
	digests   pluginfolder.Digests
	egress    *egress.Proxy
	attached  []*supervisor.AttachedPlugin
	waiting   waiting
	tasks     tasks
	work      work
	mcp       *server.MCPServer
	starting  sync.WaitGroup
	calls     sync.WaitGroup
	onUpdated atomic.Pointer[func(uri string)]
	closing   atomic.Bool
	stop      chan struct{} // closed when the host begins to close
	changes   chan struct{} // has one when the state of a plugin has changed

	scanning sync.Mutex  // one look at the folder at a time
	again    atomic.Bool // the next look tries what failed before
	lock     atomic.Pointer[lockState]
	updating sync.Mutex // one change of the shelf at a time
	mu       sync.RWMutex
	shelf    shelf
	catalog  catalog
	renewed  chan struct{} // closed with the next change of the two
}

// Start opens the store and takes in what the folder holds: what is known of a binary comes from the cache, and of the others
// once each has described itself or failed to, or the grace is over. Only a folder that cannot be used is an error; a bad plugin
// is a [Problem].
func Start(ctx context.Context, cfg Config) (*Host, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.StartGrace == 0 {
		cfg.StartGrace = 5 * time.Second
	}
	h := newHost(cfg)
	ahead := h.lookAhead()
	own, err := h.openTenant(cfg.DataDir, cfg.LookupEnv)
	if err != nil {
		ahead()
		return nil, err
	}
	if cfg.Stands != nil {
		h.starting.Go(func() { h.work.recheck(h.stop, cfg.Stands) })
	}
	h.tenants.byName = map[string]*tenant{"": own}
	h.mcp = h.newMCPServer()
	h.mcp.AddResourceTemplates(h.templates(&h.catalog)...)
	if err := errors.Join(h.addOwnTools(), h.attach(ctx), h.scanOf(ctx, cfg.StartGrace, ahead)); err != nil {
		h.Close()
		return nil, err
	}
	if err := cfg.Telemetry.ObservePlugins(h.pluginStates); err != nil {
		h.logger.Warn("the plugins' states are not in the metrics", "err", err)
	}
	h.warm(ctx)
	return h, nil
}

func newHost(cfg Config) *Host {
	return &Host{
		cfg: cfg, logger: cfg.Logger, shelf: newShelf(), catalog: newCatalog(), stop: make(chan struct{}),
		changes: make(chan struct{}, 1), renewed: make(chan struct{}),
		cache: pluginfolder.OpenCache(cfg.Plugins.CacheDir),
		egress: egress.Start(egress.Config{Logger: cfg.Logger, LookupEnv: cfg.LookupEnv, Observe: func(e egress.Event) {
			cfg.Telemetry.Egress(telemetry.Egress{Plugin: e.Plugin, Rule: e.Rule, Failure: string(e.Kind), Sent: e.Sent, Received: e.Received})
		}}),
	}
}

// Close stops all plugins, within a bound, and removes what the host kept for its lifetime.
func (h *Host) Close() {
	h.mu.Lock()
	if !h.closing.Swap(true) && h.stop != nil { // no call begins after this
		close(h.stop)
	}
	h.mu.Unlock()
	h.tenants.each((*tenant).stop)
	for _, a := range h.attached {
		a.Close()
	}
	h.egress.Close()
	h.starting.Wait()
	h.awaitCalls()
	h.tenants.each(func(t *tenant) { t.store.Close() })
}

// begin counts a call, unless the host is closing.
func (h *Host) begin() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closing.Load() {
		return false
	}
	h.calls.Add(1)
	return true
}

// occupy lets Close wait until starting.Done, unless the host is closing.
func (h *Host) occupy() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closing.Load() {
		return false
	}
	h.starting.Add(1)
	return true
}

// awaitCalls lets the calls that the end of their plugins has cut keep what they had, within a bound.
func (h *Host) awaitCalls() {
	done := make(chan struct{})
	go func() { // ends with the calls, or with the process
		defer close(done)
		h.calls.Wait()
	}()
	select {
	case <-done:
	case <-time.After(lastCalls):
		h.logger.Warn("calls are still running; what they have is kept by the next server")
	}
}

// lastCalls is how long a host that ends waits for its calls.
const lastCalls = 10 * time.Second
