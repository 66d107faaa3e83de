package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Emulator is a running set of services. Its methods may be called from any goroutine.
type Emulator struct {
	config      Config
	credentials Credentials
	services    map[string]*service
	guard       *guard
	faults      faults
	journal     journal
	contents    contents
	calls       atomic.Int64 // requests to the API services, for ThrottleEvery

	cancel    context.CancelFunc // ends the requests that hang on purpose
	detach    func() bool        // lets go of the context given to Start
	closing   atomic.Bool
	serving   sync.WaitGroup
	conns     sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

// Start opens a listener for every service and serves until Close is called or ctx ends.
func Start(ctx context.Context, config Config) (*Emulator, error) {
	config, err := config.prepare()
	if err != nil {
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	e := &Emulator{config: config, credentials: defaultCredentials(), services: map[string]*service{}}
	e.guard = newGuard(e.credentials, config.Clock().Add(config.TokenTTL))
	list, err := e.newServices()
	if err != nil {
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	inner, cancel := context.WithCancel(ctx)
	e.cancel = cancel
	for n, s := range list {
		e.services[s.name] = s
		if err := s.listen(inner, config.addrOf(n)); err != nil {
			return nil, errors.Join(fmt.Errorf("starting the emulator: %w", err), e.shutdown())
		}
	}
	for _, s := range list {
		e.serving.Go(s.serve)
	}
	e.detach = context.AfterFunc(ctx, func() { _ = e.shutdown() })
	return e, nil
}

// newServices builds the services in the order in which Config.Addr numbers their ports.
func (e *Emulator) newServices() ([]*service, error) {
	store := newObjects(e)
	htap, err := newHTAP(e)
	if err != nil {
		return nil, err
	}
	drs, err := newDRS(e)
	if err != nil {
		return nil, err
	}
	rfs, err := newRFS(e, store)
	if err != nil {
		return nil, err
	}
	roma, err := newROMA(e)
	if err != nil {
		return nil, err
	}
	return []*service{
		{name: ServiceHTAP, emulator: e, routes: htap.routes()},
		{name: ServiceDRS, emulator: e, routes: drs.routes()},
		{name: ServiceRFS, emulator: e, routes: rfs.routes()},
		{name: ServiceROMA, emulator: e, routes: roma.routes()},
		{name: ServiceIAM, emulator: e, routes: newIAM(e).routes()},
		{name: ServiceOBS, emulator: e, fallback: store.get},
	}, nil
}

// Close stops every service, cuts the requests under way, and waits until all of them are gone.
func (e *Emulator) Close() error {
	e.detach()
	return e.shutdown()
}

func (e *Emulator) shutdown() error {
	e.closeOnce.Do(func() {
		e.closing.Store(true)
		e.cancel()
		for _, s := range e.services {
			if s.server == nil {
				continue
			}
			if err := s.server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				e.closeErr = errors.Join(e.closeErr, fmt.Errorf("closing %s: %w", s.name, err))
			}
			_ = s.listener.Close() // a service that never came to serve is unknown to its server
		}
		e.serving.Wait()
		e.conns.Wait()
	})
	return e.closeErr
}

// Endpoint returns the base URL of a service ("HTAP", "DRS", "RFS", "ROMA", "IAM" or "OBS"), without a slash at the
// end; empty for any other name.
func (e *Emulator) Endpoint(service string) string {
	if s, ok := e.services[service]; ok {
		return s.url
	}
	return ""
}

// Credentials returns what the emulator lets in.
func (e *Emulator) Credentials() Credentials { return e.credentials }

// Environment returns, sorted, the NAME=value pairs that point a client at the emulator.
func (e *Emulator) Environment() []string {
	pairs := []string{
		"HUAWEICLOUD_REGION=" + e.credentials.Region,
		"HUAWEICLOUD_SDK_AK=" + e.credentials.AK,
		"HUAWEICLOUD_SDK_PROJECT_ID=" + e.credentials.ProjectID,
		"HUAWEICLOUD_SDK_SK=" + e.credentials.SK,
	}
	for _, name := range []string{ServiceHTAP, ServiceDRS, ServiceRFS, ServiceROMA, ServiceIAM, ServiceOBS} {
		pairs = append(pairs, "HUAWEICLOUD_ENDPOINT_"+name+"="+e.Endpoint(name))
	}
	slices.Sort(pairs)
	return pairs
}

// Getenv returns the value that Environment has for a variable, empty for any other name.
func (e *Emulator) Getenv(name string) string {
	for _, pair := range e.Environment() {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// Content returns the exact bytes that the emulator holds, for comparison with what arrived. Names:
// "htap/<instance id>" and "htap/<instance id>/zh-cn", "drs/<file name>", "rfs/<template name>/<version id>",
// "roma/<archive id>" (downloaded or not). Content of more than 16 MiB is not returned whole: see OpenContent.
func (e *Emulator) Content(name string) ([]byte, bool) {
	body, ok := e.contents.get(name)
	if !ok || body.size() > maxContent {
		return nil, false
	}
	whole := make([]byte, body.size()) // a copy, so that a caller cannot change what is served
	_, _ = body.ReadAt(whole, 0)       // a payload cannot fail
	return whole, true
}

// OpenContent returns what Content does as a reader, whatever its size.
func (e *Emulator) OpenContent(name string) (*io.SectionReader, bool) {
	body, ok := e.contents.get(name)
	return io.NewSectionReader(body, 0, body.size()), ok
}

// maxContent is the size up to which Content returns what it is asked for.
const maxContent = 16 << 20

// Requests returns the journal: the last 10,000 requests in the order of their arrival.
func (e *Emulator) Requests() []Request { return e.journal.list() }

// SetFaults replaces the faults, their counts included. No argument: no faults.
func (e *Emulator) SetFaults(list ...Fault) { e.faults.set(list) }

func (e *Emulator) now() time.Time { return e.config.Clock() }
