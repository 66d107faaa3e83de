package preview

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"mcp-server/sdk"
)

func TestWhatHappensToAChildBecomesAStatement(t *testing.T) {
	t.Parallel()
	content := zipOf(t, member{name: "a.txt", body: "hello"})
	for child, want := range map[string]struct {
		said string
		code sdk.Code
	}{
		"child-allocate": {"could not be read within 512 MiB of memory; it may be a decompression bomb; the file itself is stored whole", sdk.CodeResourceExhausted},
		"child-killed":   {"could not be read within 512 MiB of memory", sdk.CodeResourceExhausted},
		"child-spin":     {"could not be read within 2s", sdk.CodeResourceExhausted},
		"child-chatter":  {"could not be read within 2s", sdk.CodeResourceExhausted},
		"child-garbage":  {"the content could not be read; the file itself is stored whole", sdk.CodeInternal},
		"child-silent":   {"the content could not be read; the file itself is stored whole", sdk.CodeInternal},
		"child-panic":    {"the content could not be read; the file itself is stored whole", sdk.CodeInternal},
	} {
		t.Run(child, func(t *testing.T) {
			t.Parallel()
			r, file := reader(t, child), stored(t, content)
			if strings.Contains(want.said, "within 2s") {
				r.bounds.patience = 2 * time.Second
			}
			p := r.Preview(t.Context(), file, "a.zip")
			if p.Kind != kindZip || !strings.HasPrefix(p.Summary, "zip archive, ") {
				t.Errorf("previewed as %+v", p)
			}
			wantText(t, p.Problem, want.said)
			_, err := r.Read(t.Context(), file, "a.zip", Selection{})
			wantCode(t, err, want.code, want.said)
			wantEmpty(t, r.TempDir)
		})
	}
}

func wantEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAChildThatCannotStart(t *testing.T) {
	t.Parallel()
	file := stored(t, zipOf(t))
	for name, c := range map[string]struct {
		reader Reader
		code   sdk.Code
		said   string
	}{
		"no command": {Reader{}, sdk.CodeFailedPrecondition, "mcp-server-preview is not beside mcp-server; the file itself is stored whole"},
		"no program": {Reader{Command: []string{"/nowhere/at/all"}, TempDir: t.TempDir()}, sdk.CodeInternal, "could not be read; the file itself is stored whole"},
		"no folder":  {Reader{Command: reader(t, "child-serve").Command, TempDir: "/nowhere/at/all"}, sdk.CodeInternal, "could not be read; the file itself is stored whole"},
	} {
		r := c.reader
		wantText(t, r.Preview(t.Context(), file, "a.zip").Problem, c.said)
		_, err := r.Read(t.Context(), file, "a.zip", Selection{})
		wantCode(t, err, c.code, c.said)
		if err := r.Whole(t.Context(), file); err == nil || sdk.AsError(err).Code == sdk.CodeDataLoss {
			t.Errorf("%s: whole said %v of a file that nobody looked at", name, err)
		}
	}
}

func TestTheCallersEndIsNotTheFilesFault(t *testing.T) {
	t.Parallel()
	r, file := reader(t, "child-spin"), stored(t, zipOf(t))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := r.Read(ctx, file, "a.zip", Selection{})
	wantCode(t, err, sdk.CodeDeadlineExceeded)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Read(cancelled, file, "a.zip", Selection{})
	wantCode(t, err, sdk.CodeCanceled)
	wantText(t, r.Preview(cancelled, file, "a.zip").Problem, "cancelled")
	if err := r.Whole(cancelled, file); !errors.Is(err, context.Canceled) {
		t.Errorf("whole ended with %v", err)
	}
}

func TestAChildHasNothingOfTheHost(t *testing.T) {
	t.Setenv("HUAWEICLOUD_SDK_SK", "secret")
	r := reader(t, "child-surroundings")
	p := r.Preview(t.Context(), stored(t, zipOf(t)), "")
	for line := range strings.SplitSeq(p.Summary, "\n") {
		name, value, _ := strings.Cut(line, "=")
		switch name {
		case "TMPDIR", "TMP", "TEMP", "folder":
			if !strings.HasPrefix(value, r.TempDir) {
				t.Errorf("%s is not in the reader's folder", line)
			}
		case "SYSTEMROOT", "PWD": // os/exec adds them
		default:
			t.Errorf("the child was given %s", name)
		}
	}
	if !strings.Contains(p.Summary, "folder=") {
		t.Errorf("got %+v", p)
	}
}

func TestServeRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := worker{tempDir: t.TempDir(), openBook: openBook}
	if _, err := w.answer(request{Operation: "delete"}, section(nil)); err == nil {
		t.Error("an unknown operation was answered")
	}
	if err := Serve("{", stored(t, nil), nil, openBook); err == nil {
		t.Error("half a request was answered")
	}
}

func TestTheFilesOffsetIsNotMoved(t *testing.T) {
	t.Parallel()
	file := stored(t, zipOf(t, member{name: "a", body: "hello"}))
	_, err := file.Seek(3, 0)
	must(t, err)
	r := reader(t, "child-serve")
	for range 2 {
		if p := r.Preview(t.Context(), file, "a.zip"); p.EntryCount != 1 || p.Problem != "" {
			t.Errorf("previewed as %+v", p)
		}
		must(t, r.Whole(t.Context(), file))
	}
	if at, err := file.Seek(0, 1); at != 3 || err != nil {
		t.Errorf("the offset is %d, %v", at, err)
	}
	wantEmpty(t, r.TempDir)
}
