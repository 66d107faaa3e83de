package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mcp-server/internal/artifact"
	"mcp-server/internal/artifact/preview"
	"mcp-server/sdk"
)

// storeWith is a store with one file.
func storeWith(t *testing.T, content string) (*artifact.Store, artifact.Record) {
	t.Helper()
	store, err := artifact.Open(artifact.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), NoUpkeep: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	dir, release, err := store.Stage("p", "1")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	sum := sha256.Sum256([]byte(content))
	err = os.WriteFile(filepath.Join(dir, "part"), []byte(content), 0o600)
	r, adoptErr := store.Adopt(artifact.Candidate{StagingDir: dir, Path: "part", Name: "a.txt", Size: int64(len(content)), SHA256: sum[:]})
	if err := errors.Join(err, adoptErr); err != nil {
		t.Fatal(err)
	}
	return store, r
}

// listing is what a folder holds, by name.
func listing(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil || !e.Type().IsRegular() {
			content = []byte(e.Type().String())
		}
		all[e.Name()] = string(content)
	}
	return all
}

func TestCopyToFile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		to    string
		force bool
		want  map[string]string // what is new or other in the folder
		err   string
	}{
		"into a folder":        {to: ".", want: map[string]string{"a.txt": "hello"}},
		"to a name":            {to: "b.txt", want: map[string]string{"b.txt": "hello"}},
		"over a file":          {to: "there.txt", err: "--force"},
		"over a file by force": {to: "there.txt", force: true, want: map[string]string{"there.txt": "hello"}},
		"over a link by force": {to: "link", force: true, err: "not a file"},
		"over a dangling link": {to: "dangling", err: "not a file"},
		"no folder":            {to: "nowhere/b.txt", err: "no folder"},
		"a new folder":         {to: "new/", want: map[string]string{"new": "d---------"}},
		"a file as folder":     {to: "there.txt/", err: "making the folder"},
		"empty":                {to: "", err: "--to wants"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, r := storeWith(t, "hello")
			folder := t.TempDir()
			err := errors.Join(os.WriteFile(filepath.Join(folder, "there.txt"), []byte("there"), 0o600),
				os.Symlink("there.txt", filepath.Join(folder, "link")), os.Symlink("nowhere", filepath.Join(folder, "dangling")))
			if err != nil {
				t.Fatal(err)
			}
			to := tc.to
			if to != "" {
				to = folder + string(filepath.Separator) + tc.to
			}
			want := listing(t, folder)
			for name, content := range tc.want {
				want[name] = content
			}
			path, err := copyToFile(t.Context(), store, r, to, tc.force)
			if tc.err == "" && (err != nil || !filepath.IsAbs(path)) || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("copied to %q, %v", path, err)
			}
			if tc.err != "" && exitCode(t.Context(), err) != exitUsage {
				t.Errorf("the exit code of %v is %d", err, exitCode(t.Context(), err))
			}
			if diff := cmp.Diff(want, listing(t, folder)); diff != "" {
				t.Errorf("the folder (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCopyIntoANewFolder(t *testing.T) {
	t.Parallel()
	store, r := storeWith(t, "hello")
	folder := filepath.Join(t.TempDir(), "deep", "new") + string(filepath.Separator)
	path, err := copyToFile(t.Context(), store, r, folder, false)
	if err != nil || path != filepath.Join(folder, "a.txt") {
		t.Errorf("copied to %s, %v", path, err)
	}
	if diff := cmp.Diff(map[string]string{"a.txt": "hello"}, listing(t, folder)); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
}

func TestRenameNewNeverReplaces(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	err := errors.Join(os.WriteFile(from, []byte("new"), 0o600), os.WriteFile(to, []byte("old"), 0o600)) // somebody was faster
	if err != nil {
		t.Fatal(err)
	}
	if err := renameNew(from, to); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("renamed with %v", err)
	}
	if diff := cmp.Diff(map[string]string{"from": "new", "to": "old"}, listing(t, folder)); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
}

func TestCopyOfADamagedFileIsNotLeft(t *testing.T) {
	t.Parallel()
	store, r := storeWith(t, "hello")
	folder := t.TempDir()
	if err := os.WriteFile(r.Path, []byte("jello"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := copyToFile(t.Context(), store, r, folder, false)
	if e, ok := errors.AsType[*sdk.Error](err); !ok || e.Code != sdk.CodeDataLoss || !strings.Contains(e.Message, "fsck") {
		t.Errorf("copied with %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := copyToFile(ctx, store, r, folder, false); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted copy ended with %v", err)
	}
	if left := listing(t, folder); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := copyTo(t.Context(), store, r, failingWriter{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("a full disk is reported as %v", err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPrintPart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		part     preview.Part
		out, err string
	}{
		"text":     {preview.Part{Text: "a\tb\r\n\x1b[31mred\u202e\u00a0。\n"}, "a\tb\n[31mred\u00a0。\n", ""},
		"no end":   {preview.Part{Text: "a", Unit: "bytes", NextOffset: 1, Total: 9}, "a\n", "more: --offset 1 reads on; there are 9 bytes\n"},
		"empty":    {preview.Part{Note: "it is\nempty"}, "", "note: it is empty\n"},
		"rows":     {preview.Part{Rows: [][]string{{"a", "b\tc\nd"}, nil, {"é"}}, Sheets: []string{"one", "two"}}, "a\tb c d\n\né\n", "sheets: one, two\n"},
		"one more": {preview.Part{Rows: [][]string{{"a"}}, Sheets: []string{"one"}, NextOffset: 50}, "a\n", "more: --offset 50 reads on\n"},
		"entries":  {preview.Part{Entries: []sdk.Entry{{Name: "a\x1b", Size: 2048}, {Name: "b", Size: 1, Encrypted: true}}}, "2.0 KiB             a\n1 B      encrypted  b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, about bytes.Buffer
			if err := printPart(streams{out: &out, err: &about}, tc.part); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{tc.out, tc.err}, []string{out.String(), about.String()}); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListShowsWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := stock{
		NotWhole: []artifact.Case{
			{
				Key: "k", State: artifact.StateLost, Name: "a.zip", WayOn: "make a\nnew one", Length: 10, Reason: "cut\x1b",
				Source: sdk.Origin{Operation: "Op", IDs: map[string]string{"b": "2", "a": "1"}}, Kept: []artifact.Kept{{Path: "/p", Size: 4}},
			},
			{Key: "damaged-key", State: artifact.StateDamaged},
		},
		Downloading: []artifact.Case{{Key: "d", State: artifact.StateReceiving, Name: "d.zip", Source: sdk.Origin{Operation: "Op"}}},
	}
	if err := s.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"a.zip (Op a=1 b=2)\n", "4 of 10 bytes are kept in /p", "way on: make a new one\n", "journal damaged-key\n", "now:\n  d.zip (Op)\n    since ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.HasPrefix(out.String(), "\n") {
		t.Errorf("an empty line above all:\n%s", out.String())
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("a control character is printed: %q", out.String())
	}
}

// TestTakeStock has one download that a call is at, and one whose call ended without a word.
func TestTakeStock(t *testing.T) {
	t.Parallel()
	store, r := storeWith(t, "hello")
	claims := map[string]*artifact.Claim{}
	for _, id := range []string{"alive", "dead"} {
		dir, release, err := store.Stage("p", id)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		claims[id], err = store.Claim(t.Context(), artifact.ClaimRequest{
			Call: id, StagingDir: dir, Source: sdk.Origin{Operation: "Op", IDs: map[string]string{"id": id}}, Name: id + ".zip", WayOn: "make a new one",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	defer claims["alive"].Close()
	claims["dead"].Close()
	data := filepath.Dir(filepath.Dir(filepath.Dir(r.Path)))
	other, err := artifact.Open(artifact.Config{Dir: data, Logger: slog.New(slog.DiscardHandler), NoUpkeep: true}) // as another process
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	got, err := takeStock(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Artifacts) != 1 || len(got.NotWhole) != 1 || len(got.Downloading) != 1 {
		t.Fatalf("the stock is %+v", got)
	}
	if c := got.NotWhole[0]; c.Name != "dead.zip" || c.State != artifact.StateLost || c.WayOn == "" {
		t.Errorf("not whole is %+v", c)
	}
	if c := got.Downloading[0]; c.Name != "alive.zip" || c.WayOn != "" {
		t.Errorf("being downloaded is %+v", c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := takeStock(ctx, other); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it ended with %v", err)
	}
}

func TestRemoveAllRemovesNothingWhenANameIsWrong(t *testing.T) {
	t.Parallel()
	store, r := storeWith(t, "hello")
	_, err := removeAll(store, []string{r.URI, "missing", r.Name}, false)
	if e, ok := errors.AsType[*sdk.Error](err); !ok || !strings.HasPrefix(e.Message, "nothing was removed: ") || exitCode(t.Context(), err) != exitUsage {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(r.Path); err != nil {
		t.Error(err)
	}
	if removed, err := removeAll(store, []string{r.URI, r.Name, r.Path}, false); err != nil || len(removed) != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
}
