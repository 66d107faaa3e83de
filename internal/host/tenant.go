package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/artifact"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// tenant is what one credential profile has of its own: plugin processes, stored files and the journal of once-only
// downloads. Nothing of it is ever used for another.
type tenant struct {
	store   *artifact.Store
	reading *reading

	mu         sync.Mutex
	supervisor *supervisor.Supervisor
	version    string // of the credentials that its processes have
	plugins    map[*item]*supervisor.Plugin
	retired    []*supervisor.Supervisor // with older credentials; their running calls may end
}

func (h *Host) openTenant(dir string, lookup func(string) (string, bool)) (*tenant, error) {
	store, err := artifact.Open(artifact.Config{
		Dir: dir, Logger: h.logger, MinFree: h.cfg.MinFree, Retention: h.cfg.Retention, Whole: wholeBy(h.cfg.PreviewCommand),
	})
	if err != nil {
		return nil, err
	}
	t := &tenant{store: store, reading: newReading(h.cfg.PreviewCommand, store.TempDir())}
	if err := h.equip(t, lookup); err != nil {
		store.Close()
		return nil, err
	}
	return t, nil
}

// equip gives a tenant processes of its own. Those that it had keep what they were started with, until their last call must
// have ended.
func (h *Host) equip(t *tenant, lookup func(string) (string, bool)) error {
	processes, err := supervisor.Open(h.processConfig(t, lookup))
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.supervisor; old != nil {
		t.retired = append(t.retired, old)
		time.AfterFunc(maxTimeout, func() { t.dismiss(old) })
	}
	t.supervisor, t.plugins = processes, map[*item]*supervisor.Plugin{}
	return nil
}

// dismiss ends processes with older credentials.
func (t *tenant) dismiss(old *supervisor.Supervisor) {
	t.mu.Lock()
	t.retired = slices.DeleteFunc(t.retired, func(s *supervisor.Supervisor) bool { return s == old })
	t.mu.Unlock()
	old.Close()
}

// stop ends all processes of the tenant.
func (t *tenant) stop() {
	for _, s := range t.supervisors() {
		s.Close()
	}
}

// supervisors are those of the processes now, and of older credentials.
func (t *tenant) supervisors() []*supervisor.Supervisor {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(slices.Clone(t.retired), t.supervisor)
}

// plugin returns the tenant's own process of a binary; it is started by its first call.
func (t *tenant) plugin(it *item) *supervisor.Plugin {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.plugins[it] == nil {
		t.plugins[it] = t.supervisor.Plugin(it.binary, it.known)
		_ = os.MkdirAll(t.store.StagingOf(it.name), 0o700) // of which a process may write to what is there at its start
	}
	return t.plugins[it]
}

// rebound returns the process for a call that stores files: another one when somebody has removed the folder in which the plugin's
// calls have theirs, because a bounded process cannot write to the one that is made in its place.
func (t *tenant) rebound(it *item, p process) process {
	if it.process != nil {
		return p
	}
	if _, err := os.Stat(t.store.StagingOf(it.name)); errors.Is(err, os.ErrNotExist) {
		t.retire(it)
	}
	return t.plugin(it) // another one than before also when another call was first
}

// retire lets the running calls of a binary that is no longer offered end, and then its process.
func (t *tenant) retire(it *item) {
	t.mu.Lock()
	plugin := t.plugins[it]
	delete(t.plugins, it)
	t.mu.Unlock()
	if plugin != nil {
		plugin.Retire()
	}
}

// supervisorNow runs the processes with the credentials of now.
func (t *tenant) supervisorNow() *supervisor.Supervisor {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.supervisor
}

// ownTenant is the server's own.
func (h *Host) ownTenant() *tenant {
	h.tenants.mu.Lock()
	defer h.tenants.mu.Unlock()
	return h.tenants.byName[""]
}

// tenants are the profiles that have been used. The first one, without a name, is the server's own.
type tenants struct {
	mu     sync.Mutex
	byName map[string]*tenant
}

// tenantOf returns the tenant of a caller's profile. It opens it when it is first asked for, and starts other processes when the
// profile's credentials have changed.
func (h *Host) tenantOf(caller access.Caller) (*tenant, error) {
	h.tenants.mu.Lock()
	defer h.tenants.mu.Unlock()
	if caller.Profile == "" {
		return h.tenants.byName[""], nil
	}
	if access.CheckProfile(caller.Profile) != nil || h.cfg.Profile == nil {
		return nil, profileError(caller.Profile, errors.New("there is no such profile"))
	}
	lookup, version, err := h.cfg.Profile(caller.Profile)
	if err == nil && h.closing.Load() {
		err = errors.New("the server is stopping")
	}
	t := h.tenants.byName[caller.Profile]
	switch {
	case err != nil:
	case t == nil:
		t, err = h.openTenant(filepath.Join(h.cfg.DataDir, "profiles", caller.Profile), lookup)
	case t.version != version:
		err = h.equip(t, lookup)
	}
	if err != nil {
		h.logger.Error("a credential profile cannot be used", "profile", caller.Profile, "err", err)
		return nil, profileError(caller.Profile, err)
	}
	t.version = version
	h.tenants.byName[caller.Profile] = t
	return t, nil
}

// Prepare opens what a profile has of its own before its first call, and reports in the log too when that cannot be.
func (h *Host) Prepare(profile string) error {
	_, err := h.tenantOf(access.Caller{Profile: profile})
	return err
}

func profileError(name string, err error) error {
	return &sdk.Error{
		Code: sdk.CodeFailedPrecondition, Source: sdk.SourceHost, Cause: err,
		Message: fmt.Sprintf("the credential profile %q of this caller cannot be used; whoever runs the server finds the reason in its log", shorten(name)),
	}
}

// each calls do for every tenant at the same time, and waits.
func (t *tenants) each(do func(*tenant)) {
	t.mu.Lock()
	ones := slices.Collect(maps.Values(t.byName))
	t.mu.Unlock()
	var all sync.WaitGroup
	for _, one := range ones {
		all.Go(func() { do(one) })
	}
	all.Wait()
}

// processFor returns the process of a plugin that runs with the caller's credentials, and the caller's tenant.
func (h *Host) processFor(caller access.Caller, it *item) (process, *tenant, error) {
	t, err := h.tenantOf(caller)
	if err != nil {
		return nil, nil, err
	}
	if it.process != nil || it.binary.Path == "" {
		return it.process, t, nil
	}
	plugin := t.plugin(it)
	if !h.current(it) { // it was replaced after the call had found it: nobody else would take this one away
		t.retire(it)
	}
	return plugin, t, nil
}

// artifactsOf returns the stored files that the context's caller may see, the newest first.
func (h *Host) artifactsOf(ctx context.Context) ([]artifact.Record, error) {
	t, err := h.tenantOf(access.CallerOf(ctx))
	if err != nil {
		return nil, err
	}
	return t.store.ListFor(access.CallerOf(ctx).Name)
}

// Redact removes from a text the secrets that plugins were given, of all profiles, callers' tokens, and the queries and user
// information of URLs.
func (h *Host) Redact(text string) string {
	text = access.HideTokens(text)
	h.tenants.mu.Lock()
	defer h.tenants.mu.Unlock()
	for _, t := range h.tenants.byName {
		text = t.redact(text)
	}
	return text
}

func (t *tenant) redact(text string) string {
	for _, s := range t.supervisors() {
		text = s.Redact(text)
	}
	return text
}
