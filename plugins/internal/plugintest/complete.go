package plugintest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/emulator"
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// Completing is one question for the values of an argument, and what the plugin must suggest.
type Completing struct {
	Kind sdktest.Kind
	// Name is the tool's or the prompt's.
	Name string
	sdk.Completion
	Want []string
}

// WantCompletions asks a plugin whose cloud is well.
func WantCompletions(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, cases map[string]Completing) {
	t.Helper()
	h := Start(t, newPlugin, emulator.Config{})
	for name, tc := range cases {
		got, err := h.Complete(t.Context(), tc.Kind, tc.Name, tc.Completion)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.Want, got.Values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	before := len(h.Cloud.Requests())
	for _, tc := range cases {
		_, _ = h.Complete(t.Context(), tc.Kind, tc.Name, tc.Completion)
	}
	if more := len(h.Cloud.Requests()) - before; more > 0 {
		t.Errorf("%d requests for what was known", more)
	}
}

// WantNoCompletions asks plugins whose cloud is in trouble, as fast as somebody types. They must suggest nothing, in the time
// that they are given, and leave the cloud in peace.
func WantNoCompletions(t *testing.T, newPlugin func(huaweicloud.Environment) sdk.Plugin, tc Completing) {
	t.Helper()
	wrongKey := func(env huaweicloud.Environment) sdk.Plugin {
		return newPlugin(func(name string) string {
			if name == "HUAWEICLOUD_SDK_SK" {
				return "a-wrong-secret-key"
			}
			return env(name)
		})
	}
	for name, trouble := range map[string]struct {
		plugin func(huaweicloud.Environment) sdk.Plugin
		fault  emulator.Fault
	}{
		"slow":         {newPlugin, emulator.Fault{Kind: emulator.FaultGone}},
		"down":         {newPlugin, emulator.Fault{Kind: emulator.FaultReset, After: -1}},
		"broken":       {newPlugin, emulator.Fault{Kind: emulator.FaultStatus, Status: 500}},
		"unauthorised": {wrongKey, emulator.Fault{Times: 1, PathContains: "/nothing-has-this-path"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := Start(t, trouble.plugin, emulator.Config{})
			h.Cloud.SetFaults(trouble.fault)
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				got, err := h.Complete(ctx, tc.Kind, tc.Name, tc.Completion)
				if err == nil || len(got.Values) > 0 {
					t.Errorf("got %v, %v", got.Values, err)
				}
				cancel()
			}
			// One question: a request and, where it helps, three more attempts.
			if n := len(h.Cloud.Requests()); n == 0 || n > 4 || name == "unauthorised" && n > 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
