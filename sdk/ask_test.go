package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mcp-server/internal/pluginv1"
	"mcp-server/sdk"
)

type named struct {
	Name string `json:"name"`
}

// askTwo asks for two things and says what came back.
func askTwo(ctx context.Context, call *sdk.Call, _ args) (sdk.Contents, error) {
	answers, err := call.Ask(ctx, map[string]sdk.Question{"b": sdk.Roots(), "a": sdk.Form[named]("Who?")})
	if err != nil {
		return sdk.Contents{}, err
	}
	return said("%d %s %s", len(answers), answers["a"].JSON(), answers["b"].JSON())
}

func TestAsk(t *testing.T) {
	t.Parallel()
	answered := func(answers map[string][]byte) func(context.Context, *pluginv1.Ask) *pluginv1.AskReply {
		return func(context.Context, *pluginv1.Ask) *pluginv1.AskReply { return &pluginv1.AskReply{Answers: answers} }
	}
	for name, tc := range map[string]struct {
		ask  func(context.Context, *pluginv1.Ask) *pluginv1.AskReply
		want string
	}{
		"answered":       {answered(map[string][]byte{"a": []byte(`{"x":1}`), "b": []byte(`{}`)}), `2 {\"x\":1} {}`},
		"extra answers":  {answered(map[string][]byte{"a": []byte(`1`), "b": []byte(`2`), "c": []byte(`3`)}), `2 1 2`},
		"one is missing": {answered(map[string][]byte{"a": []byte(`{}`)}), `left the question "b" without an answer`},
		"no answers":     {answered(nil), `without an answer`},
		"refused": {func(context.Context, *pluginv1.Ask) *pluginv1.AskReply {
			return &pluginv1.AskReply{Error: &pluginv1.Error{Code: "permission_denied", Source: "host", Message: "the person is asleep"}}
		}, "the person is asleep"},
		"a host that cannot ask": {nil, "cannot be asked anything"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := pluginv1.Invoke(t.Context(), dial(t, offering(askTwo)), &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{Ask: tc.ask})
			if got := string(out) + fmt.Sprint(err); !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %q", got, tc.want)
			}
		})
	}
}

// TestAskOnTheWire has what the host sees: the questions sorted by key, and nothing when there are none.
func TestAskOnTheWire(t *testing.T) {
	t.Parallel()
	var got []string
	record := func(_ context.Context, a *pluginv1.Ask) *pluginv1.AskReply {
		for _, q := range a.GetQuestions() {
			got = append(got, q.GetKey()+" "+q.GetMethod()+" "+string(q.GetParams()))
		}
		return &pluginv1.AskReply{Answers: map[string][]byte{"a": []byte(`{}`), "b": []byte(`{}`)}}
	}
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, in args) (sdk.Contents, error) {
		if answers, err := call.Ask(ctx, nil); err != nil || len(answers) != 0 {
			return sdk.Contents{}, errors.New("nothing asked is nothing answered")
		}
		if _, err := call.Ask(ctx, map[string]sdk.Question{"zero": {}}); err == nil || !strings.Contains(err.Error(), `"zero"`) {
			return sdk.Contents{}, fmt.Errorf("a question of no kind was asked: %w", err)
		}
		return askTwo(ctx, call, in)
	}))
	if _, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{Ask: record}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		`a elicitation/create {"message":"Who?","requestedSchema":{"properties":{"name":{"type":"string"}},"type":"object","required":["name"]}}`,
		`b roots/list {}`,
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestCancelWhileAsking ends the call for both sides while nobody answers.
func TestCancelWhileAsking(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, in args) (sdk.Contents, error) {
		out, err := askTwo(ctx, call, in)
		ended <- err
		return out, err
	}))
	_, err := pluginv1.Invoke(ctx, plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Ask: func(ctx context.Context, _ *pluginv1.Ask) *pluginv1.AskReply {
			cancel()
			<-ctx.Done()
			return &pluginv1.AskReply{}
		},
	})
	if status.Code(err) != codes.Canceled {
		t.Errorf("the host saw %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the plugin saw %v", err)
	}
}

// TestAToolMayStopAsking: a tool that waits no longer ends its call at once, although the client is still being asked.
func TestAToolMayStopAsking(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, in args) (sdk.Contents, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			<-asked
			cancel()
		}()
		if _, err := askTwo(ctx, call, in); !errors.Is(err, context.Canceled) {
			return sdk.Contents{}, fmt.Errorf("asking ended with %w", err)
		}
		return said("went on without an answer")
	}))
	out, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Ask: func(ctx context.Context, _ *pluginv1.Ask) *pluginv1.AskReply {
			close(asked)
			<-ctx.Done() // the call's end
			return &pluginv1.AskReply{}
		},
	})
	if err != nil || !strings.Contains(string(out), "went on") {
		t.Errorf("got %s, %v", out, err)
	}
}

// TestAskingTogether has questions of several goroutines, and a call that goes on while they wait: the host asks one at a
// time, each gets its own answer, and progress arrives before the first answer.
func TestAskingTogether(t *testing.T) {
	t.Parallel()
	const together = 8
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, _ args) (sdk.Contents, error) {
		var work sync.WaitGroup
		problems := make([]error, together)
		for n := range together {
			work.Go(func() {
				key := fmt.Sprint("k", n)
				answers, err := call.Ask(ctx, map[string]sdk.Question{key: sdk.Roots()})
				if err == nil && string(answers[key].JSON()) != fmt.Sprintf("%q", key) {
					err = fmt.Errorf("%s was answered with %s", key, answers[key].JSON())
				}
				problems[n] = err
			})
		}
		call.Progress(1, 0, "waiting for answers")
		work.Wait()
		if err := errors.Join(problems...); err != nil {
			return sdk.Contents{}, err
		}
		return said("all answered")
	}))
	progress := make(chan struct{})
	var asking sync.Mutex
	_, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Progress: func(*pluginv1.Progress) { close(progress) },
		Ask: func(_ context.Context, a *pluginv1.Ask) *pluginv1.AskReply {
			if !asking.TryLock() {
				t.Error("two questions at a time")
			} else {
				defer asking.Unlock()
			}
			<-progress
			key := a.GetQuestions()[0].GetKey()
			return &pluginv1.AskReply{Answers: map[string][]byte{key: fmt.Appendf(nil, "%q", key)}}
		},
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTooManyQuestions: a plugin cannot pile questions up in the host.
func TestTooManyQuestions(t *testing.T) {
	t.Parallel()
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, in args) (sdk.Contents, error) {
		for range 50 {
			go func() { _, _ = askTwo(ctx, call, in) }() // ends with the call
		}
		<-ctx.Done()
		return sdk.Contents{}, ctx.Err()
	}))
	_, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Ask: func(ctx context.Context, _ *pluginv1.Ask) *pluginv1.AskReply {
			<-ctx.Done()
			return &pluginv1.AskReply{}
		},
	})
	if err == nil || !strings.Contains(err.Error(), "more than 16 questions") {
		t.Errorf("got %v", err)
	}
}

// TestAskingAndClaiming: a claim may ask a person, too, so it is refused while a question is open, and granted right after the
// answer.
func TestAskingAndClaiming(t *testing.T) {
	t.Parallel()
	asked, refused := make(chan struct{}), make(chan struct{})
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, in args) (sdk.Contents, error) {
		var work sync.WaitGroup
		var asking error
		work.Go(func() { _, asking = askTwo(ctx, call, in) })
		<-asked
		_, early := call.Claim(ctx, sdk.OnceOnly{Source: sdk.Origin{Operation: "Fetch"}})
		close(refused)
		work.Wait()
		if early == nil || asking != nil {
			return sdk.Contents{}, fmt.Errorf("claiming early %w, asking %w", early, asking)
		}
		for range 20 { // each claim comes as soon as the answer is there
			if _, err := askTwo(ctx, call, in); err != nil {
				return sdk.Contents{}, err
			}
			if _, err := call.Claim(ctx, sdk.OnceOnly{Source: sdk.Origin{Operation: "Fetch"}}); err != nil {
				return sdk.Contents{}, err
			}
		}
		return said("both")
	}))
	once := sync.OnceFunc(func() { close(asked) })
	out, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Ask: func(context.Context, *pluginv1.Ask) *pluginv1.AskReply {
			once()
			<-refused
			return &pluginv1.AskReply{Answers: map[string][]byte{"a": []byte(`{}`), "b": []byte(`{}`)}}
		},
		Claim: func(context.Context, *pluginv1.Claim) *pluginv1.ClaimReply {
			return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Granted{Granted: true}}
		},
	})
	if err != nil || !strings.Contains(string(out), "both") {
		t.Errorf("got %s, %v", out, err)
	}
}

// TestLateClaimReplyIsNoFailure: a tool that gives up its claim and ends keeps its result, whatever the host still answers.
func TestLateClaimReplyIsNoFailure(t *testing.T) {
	t.Parallel()
	claiming, returned := make(chan struct{}), make(chan struct{})
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, _ args) (sdk.Contents, error) {
		ctx, stop := context.WithCancel(ctx)
		go func() {
			<-claiming
			stop()
		}()
		_, _ = call.Claim(ctx, sdk.OnceOnly{Source: sdk.Origin{Operation: "Fetch"}})
		time.AfterFunc(100*time.Millisecond, func() { close(returned) }) // the answer is late
		return said("without it")
	}))
	released := false
	out, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Claim: func(context.Context, *pluginv1.Claim) *pluginv1.ClaimReply {
			close(claiming)
			<-returned
			return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Granted{Granted: true}}
		},
		Release: func(*pluginv1.Release) { released = true },
	})
	if err != nil || !strings.Contains(string(out), "without it") || !released {
		t.Errorf("got %s, %v, released %v", out, err, released)
	}
}

// TestAWithdrawnQuestionHoldsNothingUp: a tool that waits no longer goes on with its claim, although nobody has answered.
func TestAWithdrawnQuestionHoldsNothingUp(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	plugin := dial(t, offering(func(ctx context.Context, call *sdk.Call, in args) (sdk.Contents, error) {
		asking, stop := context.WithCancel(ctx)
		go func() {
			<-asked
			stop()
		}()
		if _, err := askTwo(asking, call, in); !errors.Is(err, context.Canceled) {
			return sdk.Contents{}, fmt.Errorf("asking ended with %w", err)
		}
		_, err := call.Claim(ctx, sdk.OnceOnly{Source: sdk.Origin{Operation: "Fetch"}})
		return sdk.Contents{Blocks: []sdk.Content{sdk.Text("claimed")}}, err
	}))
	out, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{Tool: "test_run"}, pluginv1.Events{
		Ask: func(ctx context.Context, _ *pluginv1.Ask) *pluginv1.AskReply {
			close(asked)
			<-ctx.Done() // the question's end
			return &pluginv1.AskReply{}
		},
		Claim: func(context.Context, *pluginv1.Claim) *pluginv1.ClaimReply {
			return &pluginv1.ClaimReply{Reply: &pluginv1.ClaimReply_Granted{Granted: true}}
		},
	})
	if err != nil || !strings.Contains(string(out), "claimed") {
		t.Errorf("got %s, %v", out, err)
	}
}

// TestStartReachesTheCall has what the host says of the client and of the trace, and a report without times.
func TestStartReachesTheCall(t *testing.T) {
	t.Parallel()
	plugin := dial(t, offering(func(_ context.Context, call *sdk.Call, _ args) (sdk.Contents, error) {
		call.Report(sdk.CloudRequest{Method: "GET", Status: 404, Attempt: 2})
		return said("%v %s %s", call.Client(), call.TraceParent(), call.ID())
	}))
	var reported *pluginv1.CloudRequest
	out, err := pluginv1.Invoke(t.Context(), plugin, &pluginv1.Start{
		Tool: "test_run", CallId: "c1", TraceParent: "00-1-2-01", Client: &pluginv1.Client{Elicit: true, Tasks: true},
	}, pluginv1.Events{CloudRequest: func(r *pluginv1.CloudRequest) { reported = r }})
	if err != nil || !strings.Contains(string(out), "{true false false true} 00-1-2-01 c1") {
		t.Errorf("got %s, %v", out, err)
	}
	if reported.GetStartUnixNano() != 0 || reported.GetEndUnixNano() != 0 || reported.GetStatus() != 404 || reported.GetAttempt() != 2 {
		t.Errorf("reported %v", reported)
	}
}
