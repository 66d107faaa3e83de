package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// FaultKind names a way to fail. As text it is what a command line flag takes (see ParseFault).
type FaultKind string

// The first six answer in place of the service, which never sees the request: nothing is started, no archive is
// used up. The rest act on a successful answer, after the service has done its work: a ROMA archive whose download
// is truncated is gone.
const (
	FaultStatus      FaultKind = "status"       // Status, 500 if 0, with an error body in the service's shape
	FaultHTML        FaultKind = "html"         // 502 with a page of HTML, as from a proxy
	FaultEmpty       FaultKind = "empty"        // 503 without a body
	FaultThrottle    FaultKind = "throttle"     // 429 APIGW.0308 with Retry-After: 1 (OBS: 503 SlowDown)
	FaultGone        FaultKind = "gone"         // no answer at all until the client gives up
	FaultExpiredLink FaultKind = "expired-link" // OBS only: 403, the link is said to be expired
	FaultTruncate    FaultKind = "truncate"     // Content-Length is promised, the body ends early, the connection closes
	FaultStall       FaultKind = "stall"        // the body starts and then nothing until the client gives up
	FaultReset       FaultKind = "reset"        // the body starts and then the connection is reset
	FaultWrongType   FaultKind = "wrong-type"   // 200 application/json with an error body in place of the answer
	FaultSlow        FaultKind = "slow"         // the body dribbles, about a second in all
	FaultCut         FaultKind = "cut"          // every body is reset after After bytes; one that is not longer arrives whole
)

// Fault makes some requests fail.
type Fault struct {
	// Service, Method and PathContains choose the requests; empty matches all. Service and Method ignore case.
	Service, Method, PathContains string
	// Kind is one of the constants; anything else acts as FaultStatus.
	Kind FaultKind
	// Times is how many requests fail; 0: all of them.
	Times int
	// After is the number of body bytes sent before truncate, stall, reset and cut. 0: half of the body, 64 KiB for cut. Negative: none,
	// and reset does not even send the header.
	After int64
	// Status is the answer of FaultStatus.
	Status int
}

func faultKinds() []FaultKind {
	return []FaultKind{FaultStatus, FaultHTML, FaultEmpty, FaultThrottle, FaultGone, FaultExpiredLink,
		FaultTruncate, FaultStall, FaultReset, FaultWrongType, FaultSlow, FaultCut}
}

func serviceNames() []string {
	return []string{ServiceHTAP, ServiceDRS, ServiceRFS, ServiceROMA, ServiceIAM, ServiceOBS}
}

func beforeService(kind FaultKind) bool { return slices.Index(faultKinds(), kind) < 6 }

func onBody(kind FaultKind) bool { return !beforeService(kind) }

// hidesStatus says that the client sees no status line. It may be called on nil.
func (f *Fault) hidesStatus() bool {
	return f != nil && (f.Kind == FaultGone || f.Kind == FaultReset && f.After < 0)
}

// cutAfter is After, which for a cut may not depend on the body: parts of a body that is asked for in parts would shrink for ever.
func (f *Fault) cutAfter() int64 {
	if f.Kind == FaultCut && f.After <= 0 {
		return 64 << 10
	}
	return f.After
}

func (f *Fault) matches(service string, r *http.Request) bool {
	if f.Kind == FaultExpiredLink && service != ServiceOBS {
		return false
	}
	return (f.Service == "" || strings.EqualFold(f.Service, service)) &&
		(f.Method == "" || strings.EqualFold(f.Method, r.Method)) &&
		strings.Contains(r.URL.Path, f.PathContains)
}

const faultForm = "service[/path part]:kind[=number][:times]"

// ParseFault reads "service[/path part]:kind[=number][:times]", for example "roma/archives:truncate=1000:1",
// "drs:status=503:2" or "*:slow". The service is one of the six or * for all; the path part chooses the requests whose path
// contains it; the number is the status of status, or the bytes before truncate, stall, reset and cut; times is how many
// requests fail, all when absent.
func ParseFault(text string) (Fault, error) {
	where, rest, ok := strings.Cut(text, ":")
	if !ok {
		return Fault{}, fmt.Errorf("reading the fault %q: want %s, for example roma/archives:truncate=1000:1", text, faultForm)
	}
	service, part, hasPart := strings.Cut(where, "/")
	kind, times, hasTimes := strings.Cut(rest, ":")
	kind, number, hasNumber := strings.Cut(kind, "=")
	fault := Fault{Service: strings.ToUpper(service), PathContains: part, Kind: FaultKind(kind)}
	if service == "*" {
		fault.Service = ""
	}
	err := fault.check()
	if err == nil && hasPart && part == "" {
		err = fmt.Errorf("a part of a path must follow the /, such as %s/archives", service)
	}
	if err == nil && hasNumber {
		err = fault.setNumber(number)
	}
	if err == nil && hasTimes {
		if fault.Times, err = strconv.Atoi(times); err != nil || fault.Times < 1 {
			err = fmt.Errorf("times must be a whole number from 1, got %q", times)
		}
	}
	if err != nil {
		return Fault{}, fmt.Errorf("reading the fault %q: %w", text, err)
	}
	return fault, nil
}

func (f *Fault) check() error {
	if f.Service != "" && !slices.Contains(serviceNames(), f.Service) {
		return fmt.Errorf("unknown service %q, known are %s and *", f.Service,
			strings.ToLower(strings.Join(serviceNames(), ", ")))
	}
	if !slices.Contains(faultKinds(), f.Kind) {
		known := fmt.Sprint(faultKinds())
		return fmt.Errorf("unknown kind %q, known are %s", f.Kind, strings.ReplaceAll(strings.Trim(known, "[]"), " ", ", "))
	}
	if f.Kind == FaultExpiredLink && f.Service != "" && f.Service != ServiceOBS {
		return fmt.Errorf("only obs answers with %s, the links are its own", f.Kind)
	}
	return nil
}

func (f *Fault) setNumber(text string) error {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("the number after = must be whole, got %q", text)
	}
	switch f.Kind {
	case FaultStatus:
		if number < 400 || number > 599 {
			return fmt.Errorf("the status must be from 400 to 599, got %d", number)
		}
		f.Status = int(number)
	case FaultTruncate, FaultStall, FaultReset, FaultCut:
		f.After = number
	default:
		return fmt.Errorf("%s takes no number", f.Kind)
	}
	return nil
}

// faults is the set in force. The first one that matches is used.
type faults struct {
	mu   sync.Mutex
	list []armed
}

type armed struct {
	Fault
	used int
}

func (f *faults) set(list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
	for _, fault := range list {
		f.list = append(f.list, armed{Fault: fault})
	}
}

// take returns the fault for a request, nil for none, and counts it as used.
func (f *faults) take(service string, r *http.Request, kind func(FaultKind) bool) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := range f.list {
		fault := &f.list[n]
		if !kind(fault.Kind) || !fault.matches(service, r) || fault.Times > 0 && fault.used >= fault.Times {
			continue
		}
		fault.used++
		taken := fault.Fault
		return &taken
	}
	return nil
}
