package artifact

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const strangeID = "0123456789abcdef0123456789abcdef"

// put writes a file into the data folder.
func put(t *testing.T, s *Store, content string, path ...string) string {
	t.Helper()
	name := filepath.Join(append([]string{s.dir}, path...)...)
	must(t, errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(content), 0o600)))
	return name
}

// fault is something that Check finds.
type fault struct {
	spoil   func(t *testing.T, s *Store) (path string)
	problem string
	stays   bool // also after a repair
	check   func(t *testing.T, s *Store, path string)
}

func faults() map[string]fault {
	content := func(spoil func(t *testing.T, s *Store, r Record) string) func(*testing.T, *Store) string {
		return func(t *testing.T, s *Store) string { return spoil(t, s, adopt(t, s, "a.zip", "hello")) }
	}
	return map[string]fault{
		"damaged content": {
			spoil: content(func(t *testing.T, _ *Store, r Record) string {
				must(t, os.WriteFile(r.Path, []byte("jello"), 0o600))
				return r.Path
			}),
			problem: "does not have the checksum",
			check: func(t *testing.T, s *Store, path string) {
				id := filepath.Base(filepath.Dir(path))
				wantFile(t, filepath.Join(s.dir, "damaged", id, "a.zip"), "jello")
				if exists(filepath.Dir(path)) || !exists(filepath.Join(s.dir, "damaged", id, ".a.zip.json")) {
					t.Error("the metadata did not move with the content")
				}
				adopt(t, s, "a.zip", "hello")
				wantFile(t, path, "hello")
			},
		},
		"damaged once-only content": {
			spoil: content(func(t *testing.T, s *Store, r Record) string {
				r.Claim = "key"
				must(t, errors.Join(s.writeMetadata(r), os.WriteFile(r.Path, []byte("jello"), 0o600)))
				return r.Path
			}),
			problem: "does not have the checksum",
			check: func(t *testing.T, s *Store, path string) {
				aside := filepath.Join(s.dir, "damaged", filepath.Base(filepath.Dir(path)), "a.zip")
				wantFile(t, aside, "jello")
				if !exists(metadataPath(aside)) {
					t.Error("the metadata of a once-only download is gone, and its checksum with it")
				}
			},
		},
		"content in another's folder": {
			spoil:   func(t *testing.T, s *Store) string { return put(t, s, "hello", "artifacts", strangeID, "a.zip") },
			problem: "does not have the checksum",
			check: func(t *testing.T, s *Store, _ string) {
				wantFile(t, filepath.Join(s.dir, "damaged", strangeID, "a.zip"), "hello")
			},
		},
		"content without metadata": {
			spoil: content(func(t *testing.T, _ *Store, r Record) string {
				must(t, os.Remove(metadataPath(r.Path)))
				return r.Path
			}),
			problem: "no metadata",
			check: func(t *testing.T, s *Store, path string) {
				r, err := s.read(filepath.Base(filepath.Dir(path)), "a.zip")
				if err != nil || r.Size != 5 || r.MediaType != "text/plain; charset=utf-8" || r.OnceOnly() {
					t.Errorf("the metadata is %+v, %v", r, err)
				}
			},
		},
		"unreadable metadata": {
			spoil: content(func(t *testing.T, _ *Store, r Record) string {
				must(t, os.WriteFile(metadataPath(r.Path), []byte("{"), 0o600))
				return metadataPath(r.Path)
			}),
			problem: "metadata of a whole file is wrong",
			check: func(t *testing.T, s *Store, path string) {
				wantFile(t, filepath.Join(s.dir, "damaged", filepath.Base(filepath.Dir(path)), ".a.zip.json"), "{")
				if diff := cmp.Diff([]string{"a.zip", "whole.txt"}, slices.Sorted(slices.Values(names(t, s)))); diff != "" {
					t.Errorf("listed (-want +got):\n%s", diff)
				}
			},
		},
		"foreign metadata": {
			spoil: content(func(t *testing.T, s *Store, r Record) string {
				other := adopt(t, s, "b.zip", "other")
				encoded, err := os.ReadFile(metadataPath(other.Path))
				must(t, errors.Join(err, os.WriteFile(metadataPath(r.Path), encoded, 0o600)))
				return metadataPath(r.Path)
			}),
			problem: "another file's",
		},
		"metadata with another size": {
			spoil: content(func(t *testing.T, s *Store, r Record) string {
				r.Size++
				must(t, s.writeMetadata(r))
				return metadataPath(r.Path)
			}),
			problem: "size or checksum",
		},
		"metadata without content": {
			spoil: content(func(t *testing.T, _ *Store, r Record) string {
				must(t, os.Remove(r.Path))
				return metadataPath(r.Path)
			}),
			problem: "metadata without its file",
			check: func(t *testing.T, _ *Store, path string) {
				if exists(filepath.Dir(path)) {
					t.Error("the folder is still there")
				}
			},
		},
		"once-only metadata without content": {
			spoil: content(func(t *testing.T, s *Store, r Record) string {
				r.Claim = "key"
				must(t, errors.Join(s.writeMetadata(r), os.Remove(r.Path)))
				return metadataPath(r.Path)
			}),
			problem: "only its metadata is left", stays: true,
		},
		"unreadable metadata without content": {
			spoil:   func(t *testing.T, s *Store) string { return put(t, s, "{", "artifacts", strangeID, ".a.zip.json") },
			problem: "cannot be used",
			check: func(t *testing.T, s *Store, _ string) {
				wantFile(t, filepath.Join(s.dir, "damaged", strangeID, ".a.zip.json"), "{")
			},
		},
		"empty folder": {
			spoil: func(t *testing.T, s *Store) string {
				path := filepath.Join(s.dir, "artifacts", strangeID)
				must(t, os.Mkdir(path, 0o700))
				return path
			},
			problem: "empty",
		},
		"temporary file": {
			spoil: content(func(t *testing.T, s *Store, r Record) string {
				return outdated(t, put(t, s, "x", "artifacts", filepath.Base(filepath.Dir(r.Path)), ".new-1"))
			}),
			problem: "temporary",
		},
		"temporary journal": {
			spoil:   func(t *testing.T, s *Store) string { return outdated(t, put(t, s, "x", "once", ".new-1")) },
			problem: "temporary",
		},
		"stray in artifacts":      strayIn("artifacts", "notes.txt"),
		"stray in a folder":       strayIn("artifacts", strangeID, ".notes"),
		"stray name":              strayIn("artifacts", strangeID, "a:b"),
		"stray folder":            strayIn("artifacts", strangeID, "folder", "a"),
		"another's folder":        strayIn("artifacts", "folder", "a"),
		"nameless metadata":       strayIn("artifacts", strangeID, "..json"),
		"stray journal":           strayIn("once", "notes.txt"),
		"journal of another name": strayIn("once", "x.jsonl"),
		"part of no case":         {spoil: strayIn("partial", "1-a.zip").spoil, problem: "no journal knows", stays: true},
	}
}

func strayIn(path ...string) fault {
	return fault{
		spoil: func(t *testing.T, s *Store) string {
			made := put(t, s, "x", path...)
			for filepath.Base(made) == "a" { // the folder around it is the stray
				made = filepath.Dir(made)
			}
			return made
		},
		problem: "nothing that the store has made", stays: true,
	}
}

func outdated(t *testing.T, path string) string {
	t.Helper()
	old := time.Now().Add(-2 * time.Hour)
	must(t, os.Chtimes(path, old, old))
	return path
}

func wantFile(t *testing.T, path, content string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("%s holds %q, want %q, %v", path, got, content, err)
	}
}

func findings(t *testing.T, s *Store, repair bool) []Finding {
	t.Helper()
	found, err := s.Check(t.Context(), repair)
	must(t, err)
	return found
}

func openQuietly(t *testing.T, dir string) *Store {
	t.Helper()
	s := openStore(t, dir)
	s.stop() // the work in the background is another test's
	s.work.Wait()
	return s
}

func TestCheckFindsAndMends(t *testing.T) {
	t.Parallel()
	for name, f := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openQuietly(t, t.TempDir())
			adopt(t, s, "whole.txt", "whole")
			path := f.spoil(t, s)
			before := snapshot(t, s)
			found := findings(t, s, false)
			if len(found) != 1 || found[0].Path != path || !strings.Contains(found[0].Problem, f.problem) || found[0].Mend == "" || found[0].Mended {
				t.Fatalf("found %+v, want %q at %s", found, f.problem, path)
			}
			if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
				t.Errorf("looking has changed the folder (-before +after):\n%s", diff)
			}
			found = findings(t, s, true)
			if len(found) != 1 || found[0].Mended == f.stays {
				t.Errorf("a repair found %+v", found)
			}
			if again := findings(t, s, true); len(again) > 0 != f.stays {
				t.Errorf("after the repair: %+v", again)
			}
			if f.check != nil {
				f.check(t, s, path)
			}
		})
	}
}

// snapshot is all that is stored, by path.
func snapshot(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"artifacts", "once", "partial", "damaged"} {
		err := filepath.WalkDir(s.folder(folder), func(path string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() && filepath.Ext(path) != ".lock" {
				content, readErr := os.ReadFile(path)
				all[path], err = string(content), readErr
			}
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return err
		})
		must(t, err)
	}
	return all
}

func TestCheckOfAWholeStore(t *testing.T) {
	t.Parallel()
	s := openQuietly(t, t.TempDir())
	adopt(t, s, "a.zip", "same")
	adopt(t, s, "new-1", "same")
	put(t, s, "being written", "once", ".new-1")
	archive := zipOf(t, "hello")
	whole := granted(t, s, false)
	whole.receive(t, archive, len(archive))
	whole.store(t, archive)
	before := snapshot(t, s)
	for _, repair := range []bool{false, true} {
		if found := findings(t, s, repair); len(found) > 0 {
			t.Errorf("found %+v", found)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
		t.Errorf("checking has changed the folder (-before +after):\n%s", diff)
	}
	must(t, os.RemoveAll(s.dir))
	if found := findings(t, s, true); len(found) > 0 {
		t.Errorf("of a folder that is gone: %+v", found)
	}
}

func TestCheckDoesNotOverwriteWhatWasMovedAside(t *testing.T) {
	t.Parallel()
	s := openQuietly(t, t.TempDir())
	var path string
	for _, damage := range []string{"jello", "cello"} {
		r := adopt(t, s, "a.txt", "hello")
		must(t, os.WriteFile(r.Path, []byte(damage), 0o600))
		findings(t, s, true)
		path = filepath.Join(s.dir, "damaged", r.SHA256[:32], "a.txt")
	}
	wantFile(t, path, "jello")
	wantFile(t, path+"~2", "cello")
}

func TestCheckStops(t *testing.T) {
	t.Parallel()
	s := openQuietly(t, t.TempDir())
	adopt(t, s, "a", "hello")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := s.Check(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("found %v, %v", found, err)
	}
	if err := copyUntil(ctx, &bytes.Buffer{}, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("copied with %v", err)
	}
}

// TestCheckLooksAgainUnderTheLock has another host act after something was read, and before the lock is free.
func TestCheckLooksAgainUnderTheLock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check   func(c *checker, r Record) error
		meddle  func(t *testing.T, s *Store, r Record)
		problem string
	}{
		"folder removed": {func(c *checker, r Record) error {
			_, err := c.names(r.SHA256[:32])
			return err
		}, func(t *testing.T, _ *Store, r Record) { must(t, os.RemoveAll(filepath.Dir(r.Path))) }, ""},
		"file removed": {readContent, func(t *testing.T, _ *Store, r Record) { must(t, os.RemoveAll(filepath.Dir(r.Path))) }, ""},
		"file removed before it was read": {func(c *checker, r Record) error {
			return errors.Join(os.Remove(r.Path), readContent(c, r))
		}, func(*testing.T, *Store, Record) {}, ""},
		"file replaced": {readContent, func(t *testing.T, s *Store, r Record) { adopt(t, s, r.Name, "hello") }, ""},
		"file changed":  {readContent, func(t *testing.T, _ *Store, r Record) { must(t, os.WriteFile(r.Path, []byte("changed"), 0o600)) }, "while it was read"},
		"nothing done":  {readContent, func(*testing.T, *Store, Record) {}, "does not have the checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := openQuietly(t, dir)
				r := adopt(t, s, "a", "hello")
				must(t, os.WriteFile(r.Path, []byte("jello"), 0o600))
				unlock, err := s.share()
				must(t, err)
				c := &checker{store: s, repair: true}
				var checking sync.WaitGroup
				checking.Go(func() {
					if err := tc.check(c, r); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait() // it has read, and waits for the lock
				tc.meddle(t, s, r)
				unlock()
				checking.Wait()
				if len(c.findings) > 1 || (len(c.findings) > 0) != (tc.problem != "") || tc.problem != "" && !strings.Contains(c.findings[0].Problem, tc.problem) {
					t.Errorf("found %+v, want %q", c.findings, tc.problem)
				}
			})
		})
	}
}

func readContent(c *checker, r Record) error {
	return c.content(context.Background(), r.SHA256[:32], r.Name)
}

// TestCheckBesideAnotherHost stores and removes while another host checks and repairs: it finds nothing.
func TestCheckBesideAnotherHost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	checking, working := openQuietly(t, dir), openQuietly(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	var checker sync.WaitGroup
	checker.Go(func() {
		for ctx.Err() == nil {
			if found, err := checking.Check(ctx, true); len(found) > 0 || err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("found %+v, %v", found, err)
			}
		}
	})
	for range 100 {
		_, err := working.Remove(adopt(t, working, "a", "hello").URI, false)
		must(t, err)
	}
	stop()
	checker.Wait()
}
