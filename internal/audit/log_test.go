package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func openLog(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// lines reads the log, each line of which must be JSON.
func lines(t *testing.T, path string) []map[string]any {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for line := range bytes.Lines(content) {
		var read map[string]any
		if err := json.Unmarshal(line, &read); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		all = append(all, read)
	}
	return all
}

func changing(id string) Entry { return Entry{CallID: id, Tool: "roma_export_assets", Changes: true} }

// TestLines has what is written for a call that changes something and for one that reads.
func TestLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := openLog(t, path)
	var syncs int
	l.sync = func(*os.File) error { syncs++; return nil }
	at := time.Date(2026, 11, 22, 11, 1, 33, 123456789, time.FixedZone("", 3600))
	reading := Entry{Time: at, CallID: "1", Tool: "rfs_list_templates"}
	change := Entry{
		Time: at, CallID: "2", Caller: "anna", Profile: "prod", Transport: "http", ClientName: "inspector", ClientVersion: "1.0", Tool: "drs_export_template",
		Plugin: "drs-export-template", PluginVersion: "0.1.0", PluginDigest: "sha256:ab", Changes: true, Arguments: json.RawMessage(`{"jobs":["j1"],"token":"t"}`),
		Code: "unavailable", Source: "cloud", Requests: []string{"r1"}, Artifacts: []Artifact{{URI: "artifact://a/b.xlsx", SHA256: "cd", Size: 5}}, Duration: 1234567 * time.Microsecond,
	}
	for _, err := range []error{l.Begin(reading), l.End(reading), l.Begin(change), l.End(change)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same := `"time":"2026-11-22T10:01:33.123Z","event":"%s","call":"2","caller":"anna","profile":"prod","transport":"http","client_name":"inspector",` +
		`"client_version":"1.0","tool":"drs_export_template","plugin":"drs-export-template","plugin_version":"0.1.0","plugin_digest":"sha256:ab",` +
		`"changes":true,"arguments":{"jobs":["j1"],"token":"[redacted]"}`
	want := `{"time":"2026-11-22T10:01:33.123Z","event":"end","call":"1","tool":"rfs_list_templates","changes":false,"ok":true,"duration_ms":0}` + "\n" +
		`{` + fmt.Sprintf(same, "begin") + "}\n{" + fmt.Sprintf(same, "end") + `,"ok":false,"code":"unavailable","source":"cloud","duration_ms":1234,` +
		`"requests":["r1"],"artifacts":[{"uri":"artifact://a/b.xlsx","sha256":"cd","size":5}]}` + "\n"
	if diff := cmp.Diff(want, string(content)); diff != "" {
		t.Error(diff)
	}
	if syncs != 2 {
		t.Errorf("%d syncs", syncs)
	}
	documented, err := os.ReadFile("../../docs/observability.md")
	if err != nil || !strings.Contains(string(documented), "```json\n"+want+"```") {
		t.Errorf("docs/observability.md has other lines; %v", err)
	}
	about, err := os.Stat(path)
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", about.Mode(), err)
	}
	var none *Log
	if none.Begin(change) != nil || none.End(change) != nil || none.Close() != nil {
		t.Error("a nil log is not nothing")
	}
}

// TestOpenMends has a last line that a crash has cut.
func TestOpenMends(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after string }{
		"empty": {"", ""}, "whole": {"{}\n", "{}\n"}, "cut": {"{}\n{\"a", "{}\n{\"a\n"}, "zeros": {"{}\n\x00\x00", "{}\n\x00\x00\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			if err := os.WriteFile(path, []byte(test.before), 0o640); err != nil {
				t.Fatal(err)
			}
			openLog(t, path)
			content, err := os.ReadFile(path)
			if err != nil || string(content) != test.after {
				t.Errorf("%q, %v", content, err)
			}
		})
	}
}

// TestOpenRefuses has what is no file.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{dir, os.DevNull, filepath.Join(dir, "none", "audit.jsonl"), ""} {
		if l, err := Open(Config{Path: path}); err == nil {
			t.Errorf("%q was opened as %v", path, l)
		}
	}
}

// TestRotation has a file that is renamed away, and one that is removed.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, old := filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "audit.jsonl.1")
	var log bytes.Buffer
	l := openLog(t, path)
	l.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	write := func(id string) {
		t.Helper()
		if err := l.Begin(changing(id)); err != nil {
			t.Fatal(err)
		}
	}
	write("1")
	if err := os.Rename(path, old); err != nil {
		t.Fatal(err)
	}
	write("2")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write("3")
	first, last := lines(t, old), lines(t, path)
	if len(first) != 1 || first[0]["call"] != "1" || len(last) != 1 || last[0]["call"] != "3" {
		t.Errorf("old %v, new %v", first, last)
	}
	if n := strings.Count(log.String(), "moved away"); n != 2 {
		t.Errorf("logged %s", log.String())
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := l.Begin(changing("4")); err == nil {
		t.Error("a call begins without a log")
	}
}

// TestRotationWhileWriting renames the file again and again under many writers: no line is lost, none torn.
func TestRotationWhileWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	l := openLog(t, path)
	const writers, each = 8, 50
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for n := range each {
				if err := l.Begin(changing(fmt.Sprint(w, "-", n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range 10 {
		if err := os.Rename(path, fmt.Sprint(path, ".", n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
	work.Wait()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	calls := map[any]bool{}
	for _, file := range files {
		for _, line := range lines(t, file) {
			calls[line["call"]] = true
		}
	}
	if len(calls) != writers*each {
		t.Errorf("%d lines of %d", len(calls), writers*each)
	}
}

// crowd begins one call, holds its sync until the others have written their lines, and returns how many failed. The syncs after the
// first end as later says.
func crowd(t *testing.T, l *Log, calls int, later error) (syncs, failures int) {
	t.Helper()
	began := make(chan struct{})
	var synced, failed atomic.Int32
	l.sync = func(*os.File) error {
		if synced.Add(1) > 1 {
			return later
		}
		close(began)
		for l.count() < uint64(calls) {
			time.Sleep(time.Millisecond)
		}
		return nil
	}
	var work sync.WaitGroup
	for n := range calls {
		work.Go(func() {
			if err := l.Begin(changing(fmt.Sprint(n))); err != nil {
				failed.Add(1)
			}
		})
		<-began
	}
	work.Wait()
	return int(synced.Load()), int(failed.Load())
}

// TestGroupCommit has many calls that wait for one sync, and share the next.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	l := openLog(t, filepath.Join(t.TempDir(), "audit.jsonl"))
	if syncs, failures := crowd(t, l, 50, nil); syncs != 2 || failures != 0 {
		t.Errorf("%d syncs, %d failures", syncs, failures)
	}
}

func (l *Log) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written
}

// TestSyncFails tells everybody whose line may be lost, and nobody else. No second sync is tried for them: the system may have dropped
// the lines, and would call it a success.
func TestSyncFails(t *testing.T) {
	t.Parallel()
	l := openLog(t, filepath.Join(t.TempDir(), "audit.jsonl"))
	if syncs, failures := crowd(t, l, 20, errors.New("broken disk")); syncs != 2 || failures != 19 {
		t.Errorf("%d syncs, %d failures", syncs, failures)
	}
	l.sync = (*os.File).Sync
	if err := l.Begin(changing("later")); err != nil {
		t.Error(err)
	}
}

// TestRotationDuringSync has a file that is rotated away and closed while it is being synced: its lines count as rotation synced them.
func TestRotationDuringSync(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken disk")
	for _, rotation := range []error{nil, broken} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		l := openLog(t, path)
		var syncs int
		l.sync = func(*os.File) error {
			if syncs++; syncs > 1 {
				return rotation
			}
			if err := os.Rename(path, path+".1"); err != nil {
				return err
			}
			if _, err := l.append([]byte("{}\n")); err != nil {
				return err
			}
			return os.ErrClosed
		}
		if err := l.Begin(changing("1")); !errors.Is(err, rotation) {
			t.Errorf("rotation ended with %v, the call with %v", rotation, err)
		}
	}
}

// TestTornLine ends a part of a line that could not be removed before it writes the next.
func TestTornLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := openLog(t, path)
	if err := os.WriteFile(path, []byte(`{"a`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.torn = true
	for _, id := range []string{"1", "2"} {
		if err := l.Begin(changing(id)); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(content), "{\"a\n{") || strings.Count(string(content), "\n") != 3 {
		t.Errorf("%q, %v", content, err)
	}
}

// TestClosed begins no call.
func TestClosed(t *testing.T) {
	t.Parallel()
	l := openLog(t, filepath.Join(t.TempDir(), "audit.jsonl"))
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if err := l.Begin(changing("1")); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// BenchmarkRead is the line of a call that reads; BenchmarkChange the two of one that changes something, on this disk.
func BenchmarkRead(b *testing.B) { benchmark(b, false) }

func BenchmarkChange(b *testing.B) { benchmark(b, true) }

func benchmark(b *testing.B, changes bool) {
	l, err := Open(Config{Path: filepath.Join(b.TempDir(), "audit.jsonl")})
	if err != nil {
		b.Fatal(err)
	}
	e := Entry{CallID: "c", Tool: "t", Changes: changes, Arguments: json.RawMessage(`{"template_name":"a","version_id":"V1","url":"https://h/p?x=y"}`)}
	for b.Loop() {
		if err := errors.Join(l.Begin(e), l.End(e)); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
