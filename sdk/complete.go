package sdk

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

// Completion is what is known when values for an argument are wanted.
type Completion struct {
	// Argument is the argument's name, and Value what has been typed of it so far.
	Argument, Value string
	// Arguments are the others, as far as they are known.
	Arguments map[string]string
}

// Completer suggests values for an argument, live: the context has a deadline of a few seconds. It may return all that it
// knows; those that do not begin with, or hold, what was typed are left out, and at most 100 are sent.
type Completer func(ctx context.Context, c Completion) ([]string, error)

// Completers are completers by the names of arguments.
type Completers map[string]Completer

// maxCompletions is MCP's bound on one answer (completion/complete).
const maxCompletions = 100

func (s *server) complete(ctx context.Context, complete Completer, c Completion) (values []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.logger.Error("a completer panicked", "argument", c.Argument, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = &Error{Code: CodeInternal, Source: SourcePlugin, Message: "completing broke; the plugin's log has the details"}
		}
	}()
	return complete(ctx, c)
}

// matching puts those that begin with the typed text first, then those that hold it, in any case.
func matching(values []string, typed string) []string {
	typed = strings.ToLower(typed)
	var first, rest []string
	for _, v := range values {
		switch lower := strings.ToLower(v); {
		case strings.HasPrefix(lower, typed):
			first = append(first, v)
		case strings.Contains(lower, typed):
			rest = append(rest, v)
		}
	}
	first = append(first, rest...)
	seen := map[string]bool{}
	return slices.DeleteFunc(first, func(v string) bool {
		twice := seen[v]
		seen[v] = true
		return twice
	})
}
