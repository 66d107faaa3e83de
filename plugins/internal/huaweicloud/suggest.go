package huaweicloud

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"mcp-server/sdk"
)

const (
	// questionTime is how long a question may take. Whoever asked gets tired of waiting before that; the answer is for the next one.
	questionTime = 10 * time.Second
	// suggestionLife is how long an answer or a failure counts: long enough for the typing of one value.
	suggestionLife = 10 * time.Second
	// maxQuestions is how many answers are remembered at once.
	maxQuestions = 64
	// maxSuggestions is how many values of one answer are remembered; a client gets a hundred at most.
	maxSuggestions = 1000
)

// Question asks the cloud for all values of an argument. The arguments are those that the question needs.
type Question func(ctx context.Context, t Target, arguments map[string]string) ([]string, error)

// Completer completes an argument by a question of that name: the same name is the same question everywhere in a plugin.
// Without one of the arguments that it needs there is nothing to ask, so nothing is suggested.
//
// An answer is remembered for some seconds, so that typing a word is one question and not one per letter. What fails is
// remembered as well. After a refused credential nothing is asked for as long as the gateway locks a key that keeps signing
// wrongly: typing must not lock the tools out.
func (c *Client) Completer(name string, needs []string, ask Question) sdk.Completer {
	return func(ctx context.Context, wanted sdk.Completion) ([]string, error) {
		target := Target{Region: wanted.Arguments["region"], ProjectID: wanted.Arguments["project_id"]}
		key := []string{name, target.Region, target.ProjectID}
		arguments := map[string]string{}
		for _, need := range needs {
			value := wanted.Arguments[need]
			if typed := CheckID(need, value, 128) == nil; !typed {
				return nil, nil
			}
			arguments[need] = value
			key = append(key, value)
		}
		return c.suggestions.answer(ctx, c.now, strings.Join(key, "\x00"), func(ctx context.Context) ([]string, error) {
			return ask(ctx, target, arguments)
		})
	}
}

// suggestions remembers answers. The zero value is ready.
type suggestions struct {
	lock    sync.Mutex
	known   map[string]*suggestion
	refused suggestion // what a refused credential said, for all questions
}

// suggestion is the answer to one question.
type suggestion struct {
	turn   turn // one asks, the others wait
	values []string
	err    error
	until  time.Time
}

// answer returns what is remembered, or asks. A question goes on when whoever asked it has left: the end of a wait and a
// closed connection look alike, and a cloud that is slow would be asked again with every letter and never heard.
func (s *suggestions) answer(
	ctx context.Context, now func() time.Time, key string, ask func(context.Context) ([]string, error),
) ([]string, error) {
	one := s.entry(key)
	if err := one.turn.enter(ctx); err != nil {
		return nil, err
	}
	defer one.turn.leave()
	if err := s.refusal(now()); err != nil {
		return nil, err
	}
	if now().Before(one.until) {
		return one.values, one.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), questionTime)
	defer cancel()
	values, err := ask(ctx)
	if err != nil {
		values = nil
	}
	one.values, one.err, one.until = slices.Clone(values[:min(len(values), maxSuggestions)]), err, now().Add(suggestionLife)
	if Says(err, sdk.CodeUnauthenticated) {
		s.noteRefusal(err, now().Add(lockTime))
	}
	return one.values, one.err
}

// entry returns the place of an answer. When there are too many, all are forgotten: whoever has one in hand keeps it.
func (s *suggestions) entry(key string) *suggestion {
	s.lock.Lock()
	defer s.lock.Unlock()
	if one, known := s.known[key]; known {
		return one
	}
	if s.known == nil || len(s.known) >= maxQuestions {
		s.known = map[string]*suggestion{}
	}
	one := &suggestion{turn: newTurn()}
	s.known[key] = one
	return one
}

func (s *suggestions) refusal(now time.Time) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if now.Before(s.refused.until) {
		return s.refused.err
	}
	return nil
}

func (s *suggestions) noteRefusal(err error, until time.Time) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.refused.err, s.refused.until = err, until
}

// Listed completes an argument that is a list in one text, separated by commas: what is typed after the last comma is
// completed, and what is in the list already is not suggested again.
func Listed(complete sdk.Completer) sdk.Completer {
	return func(ctx context.Context, c sdk.Completion) ([]string, error) {
		last := strings.TrimLeft(c.Value[strings.LastIndex(c.Value, ",")+1:], " ")
		given := strings.TrimSuffix(c.Value, last)
		c.Value = last
		values, err := complete(ctx, c)
		var list []string
		for _, value := range values {
			if !slices.Contains(SplitList(given), value) {
				list = append(list, given+value)
			}
		}
		return list, err
	}
}

// SplitList reads a list of ids in one text, separated by commas or white space.
func SplitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}
