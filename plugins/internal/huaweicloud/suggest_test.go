package huaweicloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mcp-server/sdk"
)

// asked is a completer that counts its questions.
func asked(c *Client, needs []string, answer func(ctx context.Context) ([]string, error)) (sdk.Completer, *atomic.Int64) {
	var count atomic.Int64
	return c.Completer("test", needs, func(ctx context.Context, _ Target, _ map[string]string) ([]string, error) {
		count.Add(1)
		return answer(ctx)
	}), &count
}

func unused() *Client { return NewClient(DRS, environment{}.get) }

func TestTypingAsksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		complete, count := asked(unused(), nil, func(context.Context) ([]string, error) {
			time.Sleep(time.Second)
			return []string{"alpha", "beta"}, nil
		})
		var typing sync.WaitGroup
		for n := range 5 { // the letters of a word, faster than the cloud
			typing.Go(func() {
				values, err := complete(t.Context(), sdk.Completion{Value: "alpha"[:n]})
				if err != nil || !slices.Equal(values, []string{"alpha", "beta"}) {
					t.Errorf("got %v, %v", values, err)
				}
			})
		}
		typing.Wait()
		if count.Load() != 1 {
			t.Errorf("%d questions", count.Load())
		}
		time.Sleep(suggestionLife)
		_, _ = complete(t.Context(), sdk.Completion{})
		if count.Load() != 2 {
			t.Errorf("%d questions after the answer has become old", count.Load())
		}
	})
}

// TestFailuresAreRemembered must not wear a cloud down that is in trouble, nor lock a key by typing.
func TestFailuresAreRemembered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		life time.Duration
	}{
		"down":         {&sdk.Error{Code: sdk.CodeUnavailable, Source: sdk.SourceCloud, Message: "down"}, suggestionLife},
		"slow":         {context.DeadlineExceeded, suggestionLife},
		"unauthorised": {&sdk.Error{Code: sdk.CodeUnauthenticated, Source: sdk.SourceCloud, Message: "who?"}, lockTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				complete, count := asked(unused(), nil, func(context.Context) ([]string, error) { return []string{"half"}, tc.err })
				for range 20 {
					values, err := complete(t.Context(), sdk.Completion{})
					if len(values) > 0 || !errors.Is(err, tc.err) {
						t.Errorf("got %v, %v", values, err)
					}
				}
				time.Sleep(tc.life - time.Millisecond)
				_, _ = complete(t.Context(), sdk.Completion{})
				if count.Load() != 1 {
					t.Errorf("%d questions", count.Load())
				}
				time.Sleep(time.Millisecond)
				_, _ = complete(t.Context(), sdk.Completion{})
				if count.Load() != 2 {
					t.Errorf("%d questions after a while", count.Load())
				}
			})
		})
	}
}

// TestRefusalStopsAllQuestions has a second argument, which needs no question to be refused.
func TestRefusalStopsAllQuestions(t *testing.T) {
	t.Parallel()
	c := unused()
	refused, _ := asked(c, nil, func(context.Context) ([]string, error) {
		return nil, &sdk.Error{Code: sdk.CodeUnauthenticated, Source: sdk.SourceCloud, Message: "who?"}
	})
	other, count := asked(c, []string{"id"}, func(context.Context) ([]string, error) { return []string{"a"}, nil })
	_, _ = refused(t.Context(), sdk.Completion{})
	if _, err := other(t.Context(), sdk.Completion{Arguments: map[string]string{"id": "1"}}); err == nil || count.Load() != 0 {
		t.Errorf("%v after %d questions", err, count.Load())
	}
}

// TestSlowAnswerIsForTheNext has a cloud that takes longer than anybody waits.
func TestSlowAnswerIsForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		complete, count := asked(unused(), nil, func(ctx context.Context) ([]string, error) {
			return []string{"a"}, sleep(ctx, 5*time.Second)
		})
		var typing sync.WaitGroup
		for range 2 {
			typing.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				_, _ = complete(ctx, sdk.Completion{})
			})
		}
		typing.Wait()
		if values, err := complete(t.Context(), sdk.Completion{}); err != nil || len(values) != 1 || count.Load() != 1 {
			t.Errorf("got %v, %v after %d questions", values, err, count.Load())
		}
	})
}

func TestQuestionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		complete, _ := asked(unused(), nil, func(ctx context.Context) ([]string, error) { return []string{"a"}, sleep(ctx, time.Hour) })
		began := time.Now()
		values, err := complete(t.Context(), sdk.Completion{})
		if took := time.Since(began); values != nil || !errors.Is(err, context.DeadlineExceeded) || took != questionTime {
			t.Errorf("got %v, %v after %s", values, err, took)
		}
	})
}

// TestQuestionsAreApart has answers that depend on the place and on another argument.
func TestQuestionsAreApart(t *testing.T) {
	t.Parallel()
	complete := unused().Completer("test", []string{"id"}, func(_ context.Context, at Target, arguments map[string]string) ([]string, error) {
		return []string{at.Region + at.ProjectID + arguments["id"]}, nil
	})
	for want, arguments := range map[string]map[string]string{
		"1": {"id": "1"}, "2": {"id": "2"}, "r1": {"id": "1", "region": "r"}, "p1": {"id": "1", "project_id": "p"},
	} {
		if values, err := complete(t.Context(), sdk.Completion{Arguments: arguments}); err != nil || !slices.Equal(values, []string{want}) {
			t.Errorf("got %v, %v, want %s", values, err, want)
		}
	}
	for _, bad := range []string{"", "..", "a/b", "a b"} {
		if values, err := complete(t.Context(), sdk.Completion{Arguments: map[string]string{"id": bad}}); err != nil || values != nil {
			t.Errorf("%q: got %v, %v", bad, values, err)
		}
	}
}

func TestMemoryOfAnswersIsBounded(t *testing.T) {
	t.Parallel()
	c := unused()
	complete, _ := asked(c, []string{"id"}, func(context.Context) ([]string, error) { return make([]string, 5*maxSuggestions), nil })
	for n := range 10 * maxQuestions {
		values, _ := complete(t.Context(), sdk.Completion{Arguments: map[string]string{"id": fmt.Sprint(n)}})
		if len(values) != maxSuggestions || len(c.suggestions.known) > maxQuestions {
			t.Fatalf("%d values, %d answers", len(values), len(c.suggestions.known))
		}
	}
}

func TestListed(t *testing.T) {
	t.Parallel()
	complete := Listed(func(context.Context, sdk.Completion) ([]string, error) { return []string{"a1", "a2", "b1"}, nil })
	for typed, want := range map[string][]string{
		"": {"a1", "a2", "b1"}, "a": {"a1", "a2", "b1"}, "a1,": {"a1,a2", "a1,b1"}, "a1, b": {"a1, a2", "a1, b1"}, "a1,b1, a2,": nil, "x,y": {"x,a1", "x,a2", "x,b1"},
	} {
		if got, err := complete(t.Context(), sdk.Completion{Value: typed}); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q, %v", typed, got, want, err)
		}
	}
}
