package host

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"mcp-server/internal/access"
	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor"
	"mcp-server/sdk"
)

// awaitTask looks at a task until it has a status.
func awaitTask(t *testing.T, h *Host, id, status string) map[string]any {
	t.Helper()
	for {
		raw, failed := h.GetTask(t.Context(), id)
		if failed != nil {
			t.Fatal(failed)
		}
		var task map[string]any
		if err := json.Unmarshal(raw, &task); err != nil {
			t.Fatal(err)
		}
		if task["status"] == status {
			return task
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("the task is %+v", task)
		case <-time.After(time.Millisecond):
		}
	}
}

func startTask(t *testing.T, h *Host) string {
	t.Helper()
	created := ask(t.Context(), t, h, callOf("test_run", nil))
	id, _ := created.Result["taskId"].(string)
	if created.Result["resultType"] != "task" || id == "" {
		t.Fatalf("created %+v", created)
	}
	return id
}

func TestTaskWithQuestion(t *testing.T) {
	t.Parallel()
	h := withTool(t, func(ctx context.Context, r supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		events.Background(&pluginv1.Background{})
		return askingTool(ctx, r, events)
	})
	id := startTask(t, h)
	other := access.WithCaller(t.Context(), access.Caller{Name: "eve"})
	if _, failed := h.GetTask(other, id); failed == nil || failed.Code != -32602 {
		t.Errorf("another caller sees the task: %+v", failed)
	}
	asked := awaitTask(t, h, id, taskInputRequired)
	requests, _ := asked["inputRequests"].(map[string]any)
	answers := map[string]json.RawMessage{"unknown": json.RawMessage(`{}`)}
	for key := range requests {
		answers[key] = json.RawMessage(`{"action":"accept","content":{"name":"Ada"}}`)
	}
	if failed := h.UpdateTask(t.Context(), id, answers); failed != nil {
		t.Fatal(failed)
	}
	done := awaitTask(t, h, id, taskCompleted)
	result, _ := done["result"].(map[string]any)
	if text := textIn(reply{Result: result}); text != "Hello, Ada!" {
		t.Error(text)
	}
	if failed := h.CancelTask(t.Context(), id); failed != nil || awaitTask(t, h, id, taskCompleted) == nil {
		t.Errorf("cancelling an ended task: %v", failed)
	}
}

func TestTaskEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err    error
		cancel bool
		want   string
	}{
		"tool's own failure": {&sdk.Error{Code: sdk.CodeNotFound, Source: sdk.SourceCloud, Message: "gone"}, false, taskCompleted},
		"broken plugin":      {&sdk.Error{Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Message: "it broke"}, false, taskFailed},
		"cancelled":          {errors.New("cut"), true, taskCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := withTool(t, func(ctx context.Context, _ supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
				events.Background(&pluginv1.Background{})
				if tc.cancel {
					<-ctx.Done()
				}
				return nil, tc.err
			})
			id := startTask(t, h)
			if tc.cancel {
				if failed := h.CancelTask(t.Context(), id); failed != nil {
					t.Fatal(failed)
				}
			}
			task := awaitTask(t, h, id, tc.want)
			if (task["error"] != nil) != (tc.want == taskFailed) || (task["result"] != nil) != (tc.want == taskCompleted) {
				t.Errorf("task %+v", task)
			}
		})
	}
}

// TestNoTaskWithoutTheExtension waits for the call instead.
func TestNoTaskWithoutTheExtension(t *testing.T) {
	t.Parallel()
	h := withTool(t, func(_ context.Context, _ supervisor.Request, events pluginv1.Events) (json.RawMessage, error) {
		events.Background(&pluginv1.Background{})
		return blocks("done")
	})
	r := callOf("test_run", nil)
	r.capabilities = map[string]any{}
	if got := ask(t.Context(), t, h, r); textIn(got) != "done" {
		t.Errorf("got %+v", got)
	}
}
