package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"mcp-server/internal/egress"
	"mcp-server/sdk"
)

// Options say what is tried. They are copied by Run.
type Options struct {
	// Path is the plugin's binary.
	Path string
	// Tool is called with Arguments. Empty calls nothing, and skips what cannot be known without a call.
	Tool string
	// Arguments are a JSON object that the tool works with; empty stands for {}.
	Arguments json.RawMessage
	// Environment are values for the variables that the plugin declares; it gets no others.
	Environment map[string]string
	// Launcher is the program that bounds processes on Linux; empty runs the plugin unbounded.
	Launcher string
	// Logger gets what the trial does; nil discards.
	Logger *slog.Logger
}

// The states of an [Outcome].
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

// Outcome is what became of one check.
type Outcome struct {
	// Name identifies the check, such as large_arguments, and About says in a few words what is wanted.
	Name  string `json:"name"`
	About string `json:"about"`
	// State is Passed, Failed or Skipped.
	State string `json:"state"`
	// Reason says what is wrong and how to mend it, or why it was skipped; after a success it may hold a remark.
	Reason string        `json:"reason,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

// Mistake is the error of options that cannot be right.
type Mistake struct{ cause error }

// Error returns what is wrong, in words.
func (m Mistake) Error() string { return m.cause.Error() }

// Unwrap returns what is wrong.
func (m Mistake) Unwrap() error { return m.cause }

func mistake(format string, arguments ...any) error { return Mistake{fmt.Errorf(format, arguments...)} }

// limits bound the parts of a trial; tests shorten them.
type limits struct {
	whole time.Duration // all checks together
	check time.Duration // one check that waits for nothing in particular
	start time.Duration // from the process to its handshake
	call  time.Duration // a call that should succeed
	sign  time.Duration // for a sign of life
	end   time.Duration // for a process that should end, and a call that was cancelled
}

func defaultLimits() limits {
	return limits{
		whole: 2 * time.Minute, check: 20 * time.Second, start: 10 * time.Second, call: 45 * time.Second,
		sign: 5 * time.Second, end: 5 * time.Second,
	}
}

// Run tries the plugin, and returns the outcomes in the order in which report, which may be nil, was told of them. Nothing of the
// plugin is left when it returns. The error says why there is no verdict: a [Mistake] in the options, or the context's end.
func Run(ctx context.Context, o Options, report func(Outcome)) ([]Outcome, error) {
	return run(ctx, o, defaultLimits(), report)
}

func run(ctx context.Context, o Options, l limits, report func(Outcome)) ([]Outcome, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New("trying a plugin: this is not available on Windows; use Linux or macOS")
	}
	// Linux ends a process when the thread that started it does, so all of them are started from one that stays.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t, err := newTrial(o, l, report)
	if err != nil {
		return nil, err
	}
	defer t.close()
	bounded, cancel := context.WithTimeoutCause(ctx, l.whole, fmt.Errorf("the trial's time of %s is over", l.whole))
	defer cancel()
	for _, c := range checks() {
		t.perform(bounded, c)
		if t.mistake != nil || ctx.Err() != nil {
			break
		}
	}
	return t.outcomes, errors.Join(t.mistake, ctx.Err())
}

// trial is one run of all checks.
type trial struct {
	Options
	limits   limits
	root     string // holds the folders of all processes, and of all calls
	report   func(Outcome)
	outcomes []Outcome
	mistake  error // of whoever chose the options
	proxy    *egress.Proxy
	door     *egress.Door

	raw      []byte       // the manifest as it came
	manifest sdk.Manifest // empty until it is known
	tool     *tool        // nil when nothing may be called
	plugin   *instance    // what runs; nil when nothing does
	unusable string       // why nothing more can be tried; empty when it can
	unsteady bool         // its description changes
	blind    bool         // it does not say which calls run
	number   int          // of processes and calls
	good     *goodCall    // what was seen of it

	noise    string   // what reached standard output behind a handshake
	left     []string // processes that outlived the plugin
	ended    bool     // a process was asked to end, and did
	peak     int64    // bytes, of the hungriest process
	mu       sync.Mutex
	refusals []egress.Event
}

func newTrial(o Options, l limits, report func(Outcome)) (*trial, error) {
	var err error
	if o.Path, err = filepath.Abs(o.Path); err != nil {
		return nil, mistake("finding the plugin: %w", err)
	}
	info, err := os.Stat(o.Path)
	if err != nil {
		return nil, mistake("finding the plugin: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return nil, mistake("finding the plugin: %s is not an executable file; build it, or use chmod +x", o.Path)
	}
	if len(o.Arguments) > 0 && o.Tool == "" {
		return nil, mistake("reading the options: there are arguments, but no tool to call with them")
	}
	if len(o.Arguments) == 0 {
		o.Arguments = json.RawMessage("{}")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if report == nil {
		report = func(Outcome) {}
	}
	t := &trial{Options: o, limits: l, report: report, unusable: "it did not start"}
	if t.root, err = os.MkdirTemp(shortTempDir(os.TempDir()), "mcp-trial-"); err != nil {
		return nil, fmt.Errorf("making a folder for the trial: %w", err)
	}
	if err := os.Mkdir(t.staging(), 0o700); err != nil {
		return nil, errors.Join(err, os.RemoveAll(t.root))
	}
	t.proxy = egress.Start(egress.Config{Logger: o.Logger, LookupEnv: t.lookup, Observe: t.observe})
	return t, nil
}

// lookup finds a variable for the plugin.
func (t *trial) lookup(name string) (string, bool) {
	value, given := t.Environment[name]
	return value, given
}

// observe is told of connections, from any goroutine.
func (t *trial) observe(e egress.Event) {
	if e.Refused == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refusals = append(t.refusals, e)
}

// refused are the connections that were not made.
func (t *trial) refused() []egress.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.refusals)
}

// close ends whatever still runs, and removes what it wrote.
func (t *trial) close() {
	t.discard()
	t.proxy.Close()
	_ = os.RemoveAll(t.root) // a temporary folder
}
