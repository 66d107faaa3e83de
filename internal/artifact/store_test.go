package artifact

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mcp-server/sdk"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler), Whole: wholeZIP})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func stage(t *testing.T, s *Store, content string) Candidate {
	t.Helper()
	dir, release, err := s.Stage("p", uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	c := candidateOf(dir, content)
	c.Name, c.Source = "模板.xlsx", sdk.Origin{Operation: "Op", IDs: map[string]string{"id": "1"}, RequestID: "r"}
	return c
}

// candidateOf writes a call's file as a plugin does.
func candidateOf(dir, content string) Candidate {
	_ = os.WriteFile(filepath.Join(dir, "part"), []byte(content), 0o600) // what is missing is found by the check
	sum := sha256.Sum256([]byte(content))
	return Candidate{
		StagingDir: dir, Path: "part", Name: "a.zip", MediaType: "application/zip", Size: int64(len(content)), SHA256: sum[:],
		Source: archiveSource(),
	}
}

// wholeZIP reads an archive to its end, as the preview's process does for the host.
func wholeZIP(_ context.Context, _ string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil {
		return err
	}
	for _, entry := range archive.File {
		content, err := entry.Open()
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return err
		}
	}
	return nil
}

func TestAdoptKeepsContentAndMetadata(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	got, err := s.Adopt(stage(t, s, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	want := sdk.Artifact{
		URI: "artifact://" + sum[:32] + "/%E6%A8%A1%E6%9D%BF.xlsx", Name: "模板.xlsx", MediaType: "application/zip", Size: 5,
		SHA256: sum, Path: filepath.Join(s.dir, "artifacts", sum[:32], "模板.xlsx"),
		Source: sdk.Origin{Operation: "Op", IDs: map[string]string{"id": "1"}, RequestID: "r"},
	}
	if diff := cmp.Diff(want, got.Artifact); diff != "" {
		t.Errorf("artifact (-want +got):\n%s", diff)
	}
	if content, err := os.ReadFile(got.Path); err != nil || string(content) != "hello" {
		t.Errorf("content %q, %v", content, err)
	}
	metadata, err := os.ReadFile(filepath.Join(filepath.Dir(got.Path), ".模板.xlsx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept sdk.Artifact
	if err := json.Unmarshal(metadata, &kept); err != nil || !cmp.Equal(want, kept) {
		t.Errorf("metadata %s, %v", metadata, err)
	}
}

func TestSameContentAgainMendsTheFile(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	first, err := s.Adopt(stage(t, s, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first.Path, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := s.Adopt(stage(t, s, "hello"))
	if err != nil || second.Path != first.Path {
		t.Fatalf("second path %q, %v", second.Path, err)
	}
	if content, err := os.ReadFile(first.Path); err != nil || string(content) != "hello" {
		t.Errorf("content %q, %v", content, err)
	}
}

func TestNoPluginReplacesWhatIsStored(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	honest, err := s.Adopt(stage(t, s, "hello"))
	must(t, err)
	liar := stage(t, s, "EVIL!")
	liar.SHA256, err = hex.DecodeString(honest.SHA256)
	must(t, err)
	if _, err := s.Adopt(liar); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("adopted with %v", err)
	}
	if content, err := os.ReadFile(honest.Path); err != nil || string(content) != "hello" {
		t.Errorf("content %q, %v", content, err)
	}
}

func TestStageMendsAFolderThatWasRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	must(t, os.RemoveAll(filepath.Join(dir, "staging")))
	must(t, os.RemoveAll(filepath.Join(dir, "partial")))
	must(t, os.RemoveAll(filepath.Join(dir, "artifacts")))
	for _, content := range []string{"one", "two"} {
		if _, err := s.Adopt(stage(t, s, content)); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Keep(stage(t, s, "half")); err != nil {
		t.Error(err)
	}
}

func TestAdoptRefusesWhatIsNotTheCallsFile(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, c *Candidate){
		"another size":   func(_ *testing.T, c *Candidate) { c.Size++ },
		"no checksum":    func(_ *testing.T, c *Candidate) { c.SHA256 = nil },
		"outside":        func(_ *testing.T, c *Candidate) { c.Path = "../part" },
		"absolute":       func(_ *testing.T, c *Candidate) { c.Path = filepath.Join(c.StagingDir, "part") },
		"no file":        func(_ *testing.T, c *Candidate) { c.Path = "other" },
		"the folder":     func(_ *testing.T, c *Candidate) { c.Path = "." },
		"empty path":     func(_ *testing.T, c *Candidate) { c.Path = "" },
		"a symlink":      func(t *testing.T, c *Candidate) { relink(t, c, os.Symlink) },
		"a second link":  func(t *testing.T, c *Candidate) { relink(t, c, os.Link) },
		"folder removed": func(t *testing.T, c *Candidate) { must(t, os.RemoveAll(c.StagingDir)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, t.TempDir())
			c := stage(t, s, "hello")
			spoil(t, &c)
			if a, err := s.Adopt(c); err == nil {
				t.Errorf("adopted %+v", a)
			}
			if found, err := filepath.Glob(filepath.Join(s.dir, "artifacts", "*", "*")); err != nil || len(found) > 0 {
				t.Errorf("the store holds %v, %v", found, err)
			}
		})
	}
}

// relink replaces the file by a link to one outside the call's folder.
func relink(t *testing.T, c *Candidate, link func(from, to string) error) {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.Rename(filepath.Join(c.StagingDir, c.Path), outside))
	must(t, link(outside, filepath.Join(c.StagingDir, c.Path)))
}

func TestKeepMovesThePartOut(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	path, err := s.Keep(stage(t, s, "half"))
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "half" {
		t.Errorf("content %q, %v", content, err)
	}
	again := stage(t, s, "more")
	first := filepath.Base(path)
	must(t, os.Rename(path, filepath.Join(s.dir, "partial", strings.TrimPrefix(filepath.Base(again.StagingDir), callPrefix)+"-模板.xlsx")))
	second, err := s.Keep(again)
	if err != nil || filepath.Base(second) == first {
		t.Errorf("the second is kept at %s, %v", second, err)
	}
	if found, err := filepath.Glob(filepath.Join(s.dir, "partial", "*")); err != nil || len(found) != 2 {
		t.Errorf("kept %v, %v", found, err)
	}
	if filepath.Dir(path) != filepath.Join(s.dir, "partial") {
		t.Errorf("kept at %s", path)
	}
}

func TestRescueKeepsWhatACallLeft(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	c := stage(t, s, "half")
	must(t, os.WriteFile(filepath.Join(c.StagingDir, "empty"), nil, 0o600))
	must(t, os.Symlink("/etc/passwd", filepath.Join(c.StagingDir, "link")))
	paths, err := s.rescue(c.StagingDir)
	if err != nil || len(paths) != 1 {
		t.Fatalf("kept %v, %v", paths, err)
	}
	if content, err := os.ReadFile(paths[0]); err != nil || string(content) != "half" {
		t.Errorf("content %q, %v", content, err)
	}
}

func TestStagingGoesWithItsHost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	living := openStore(t, dir)
	kept, _, err := living.Stage("p", "1")
	must(t, err)
	dead := filepath.Join(dir, "staging", "host-1-dead")
	calls := filepath.Join(dead, "of-p")
	must(t, os.MkdirAll(filepath.Join(calls, "call-1"), 0o700))
	must(t, os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(calls, "call-1", "file-1"), []byte("half"), 0o600))
	must(t, os.WriteFile(filepath.Join(calls, "call-1"+claimMark), []byte("a.zip"), 0o600))
	must(t, os.MkdirAll(filepath.Join(calls, "call-2"), 0o700))
	must(t, os.WriteFile(filepath.Join(calls, "call-2", "file-1"), []byte("can be fetched again"), 0o600))
	openStore(t, dir)
	if found, err := filepath.Glob(filepath.Join(dir, "partial", "*")); err != nil || len(found) != 1 {
		t.Errorf("kept %v, %v", found, err)
	}
	if content, err := os.ReadFile(filepath.Join(dir, "partial", "1-a.zip")); err != nil || string(content) != "half" {
		t.Errorf("of the dead host's download %q is kept, %v", content, err)
	}
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead host's folder is still there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the living host's folder is gone: %v", err)
	}
	living.Close()
	if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a closed host's folder is still there: %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	_, err := Open(Config{Dir: file, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("got %v", err)
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.zip": "a.zip", "网络 模板.tf": "网络 模板.tf", "../../etc/passwd": "passwd", `C:\dir\a.txt`: "a.txt",
		"": "download", ".": "download", "..": "download", "/": "download", ".hidden": "hidden", "a\x00\x1b[31m\n.txt": "a[31m.txt",
		`q?:"<>|*.x`: "q_______.x", "end. ": "end", "bad\xffutf8": "bad_utf8", "rtl\u202egpj.exe": "rtlgpj.exe",
	} {
		if got := CleanName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	long := CleanName(strings.Repeat("网", 200) + ".xlsx")
	if len(long) > maxNameBytes || !strings.HasSuffix(long, "网.xlsx") || !utf8.ValidString(long) {
		t.Errorf("a long name became %q", long)
	}
}

func FuzzCleanName(f *testing.F) {
	for _, seed := range []string{"a.zip", "../x", "\xff\xfe", strings.Repeat("é.", 150), ". ."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := CleanName(name)
		if got == "" || len(got) > maxNameBytes || strings.ContainsAny(got, "/\\\x00") || got[0] == '.' || !utf8.ValidString(got) {
			t.Errorf("%q became %q", name, got)
		}
		if again := CleanName(got); again != got {
			t.Errorf("%q became %q and then %q", name, got, again)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
