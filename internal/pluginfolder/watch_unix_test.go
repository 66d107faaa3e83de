//go:build unix

package pluginfolder

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

const patience = 30 * time.Second

// scene is a plugins folder that is watched, inside a folder of its own.
type scene struct {
	t         *testing.T
	top, dir  string
	told      chan struct{}
	rescan    chan struct{}
	logged    *lines
	elsewhere string
}

func newScene(t *testing.T, w Watcher) *scene {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, top: top, dir: top + "/plugins", elsewhere: top + "/elsewhere", told: make(chan struct{}, 1000), rescan: make(chan struct{}), logged: &lines{}}
	for _, dir := range []string{s.dir, s.elsewhere} {
		s.must(os.Mkdir(dir, 0o755))
	}
	w.Dir, w.Logger = s.dir, slog.New(slog.NewTextHandler(s.logged, nil))
	if w.Lock == "" {
		w.Lock = filepath.Join(s.dir, LockName)
	} else {
		w.Lock = filepath.Join(top, w.Lock)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx, s.rescan, func() { s.told <- struct{}{} })
	}()
	t.Cleanup(func() { cancel(); <-ended })
	s.report()
	return s
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) report() {
	s.t.Helper()
	select {
	case <-s.told:
	case <-time.After(patience):
		s.t.Fatal("nothing is reported")
	}
}

// until waits for the report at which something is true.
func (s *scene) until(is func() bool) {
	s.t.Helper()
	for s.report(); !is(); {
		s.report()
	}
}

// names are those of the plugins.
func (s *scene) names() string {
	found, _, err := Discover(s.dir)
	if err != nil {
		return "no folder"
	}
	all := []string{}
	for _, b := range found {
		all = append(all, b.Name)
	}
	return strings.Join(all, " ")
}

func (s *scene) has(names string) func() bool {
	return func() bool { return s.names() == names }
}

func (s *scene) write(path string, mode os.FileMode) {
	s.t.Helper()
	s.must(os.WriteFile(path, []byte(path), mode))
}

func (s *scene) plugin(name string) string { return filepath.Join(s.dir, name) }

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func TestWatchFiles(t *testing.T) {
	t.Parallel()
	s := newScene(t, Watcher{})
	s.write(s.plugin("a"), 0o755)
	s.until(s.has("a"))

	before := at(t, s.plugin("a"))
	s.write(s.plugin(".new"), 0o755)
	s.must(os.Rename(s.plugin(".new"), s.plugin("a")))
	s.until(func() bool { return at(t, s.plugin("a")).Identity != before.Identity })

	s.write(s.plugin("b"), 0o644)
	s.must(os.Chmod(s.plugin("b"), 0o755))
	s.until(s.has("a b"))
	s.must(os.Remove(s.plugin("a")))
	s.until(s.has("b"))
	s.must(os.Chmod(s.plugin("b"), 0o644))
	s.until(s.has(""))
	s.write(s.plugin(LockName), 0o644)
	s.report()
}

func TestWatchLinks(t *testing.T) {
	t.Parallel()
	s := newScene(t, Watcher{Lock: "elsewhere/locks/lock.json"})
	one, two := s.elsewhere+"/one", s.elsewhere+"/two"
	for _, release := range []string{one, two} {
		s.must(os.Mkdir(release, 0o755))
		s.write(release+"/tool", 0o755)
	}
	target := func(is string) func() bool {
		return func() bool {
			found, _, err := Discover(s.dir)
			return err == nil && len(found) == 1 && found[0].Path == is
		}
	}
	s.must(os.Symlink("one", s.elsewhere+"/current"))
	s.must(os.Symlink("../elsewhere/./current/tool", s.plugin("tool")))
	s.until(target(one + "/tool"))

	before := at(t, one+"/tool") // the file that a link leads to is replaced
	s.write(one+"/.new", 0o755)
	s.must(os.Rename(one+"/.new", one+"/tool"))
	s.until(func() bool { return at(t, one+"/tool").Identity != before.Identity })

	s.must(os.Symlink("two", s.elsewhere+"/next")) // a link on the way leads elsewhere
	s.must(os.Rename(s.elsewhere+"/next", s.elsewhere+"/current"))
	s.until(target(two + "/tool"))

	s.must(os.Symlink(one+"/tool", s.plugin(".tool"))) // the link itself
	s.must(os.Rename(s.plugin(".tool"), s.plugin("tool")))
	s.until(target(one + "/tool"))

	s.must(os.Remove(one + "/tool")) // it leads to nothing, and to something again
	s.until(s.has(""))
	s.write(one+"/tool", 0o755)
	s.until(s.has("tool"))

	s.must(os.Mkdir(s.elsewhere+"/locks", 0o755)) // the lock file's folder was not there
	s.write(s.elsewhere+"/locks/lock.json", 0o644)
	s.report()
}

func TestWatchFolderGoes(t *testing.T) {
	t.Parallel()
	s := newScene(t, Watcher{})
	s.write(s.plugin("a"), 0o755)
	s.until(s.has("a"))
	s.must(os.Mkdir(s.top+"/next", 0o755))
	s.write(s.top+"/next/b", 0o755)

	s.must(os.Rename(s.dir, s.top+"/last"))
	s.must(os.Rename(s.top+"/next", s.dir))
	s.until(s.has("b"))
	s.write(s.plugin("c"), 0o755) // the new folder is watched
	s.until(s.has("b c"))
	s.write(s.top+"/last/d", 0o755)

	s.must(os.RemoveAll(s.dir))
	s.until(s.has("no folder"))
	s.must(os.Mkdir(s.dir, 0o755))
	s.until(s.has(""))
	s.write(s.plugin("e"), 0o755)
	s.until(s.has("e"))

	s.must(os.RemoveAll(s.dir)) // a link takes the folder's place
	s.must(os.Symlink("last", s.dir))
	s.until(s.has("a d"))
	s.write(s.plugin("f"), 0o755)
	s.until(s.has("a d f"))
}

// TestWatchHalfCopy has a copy stop in the middle.
func TestWatchHalfCopy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells who has a file open for writing")
	}
	s := newScene(t, Watcher{})
	copying, err := os.OpenFile(s.plugin("half"), os.O_WRONLY|os.O_CREATE, 0o755)
	s.must(err)
	defer func() { _ = copying.Close() }()
	_, err = copying.WriteString("#!/bin/sh\n")
	s.must(err)
	s.write(s.plugin("whole"), 0o755)
	s.until(s.has("half whole"))
	if Settled(at(t, s.plugin("half"))) || !Settled(at(t, s.plugin("whole"))) {
		t.Error("half a copy counts as settled, or the whole one does not")
	}
	_, err = copying.WriteString("exit 0\n")
	s.must(err)
	s.must(copying.Close())
	s.until(func() bool { return Settled(at(t, s.plugin("half"))) })
}

func TestWatchTouchStorm(t *testing.T) {
	t.Parallel()
	s := newScene(t, Watcher{})
	s.write(s.plugin("storm"), 0o755)
	s.until(s.has("storm"))
	calm, over := make(chan struct{}), make(chan error)
	go func() {
		for last := false; ; runtime.Gosched() {
			if err := os.Chtimes(s.plugin("storm"), time.Now(), time.Now()); err != nil || last {
				over <- err // the last touch comes after the report
				return
			}
			select {
			case <-calm:
				last = true
			default:
			}
		}
	}()
	s.write(s.plugin("other"), 0o755)
	s.until(s.has("other storm"))
	close(calm)
	s.must(<-over)
	s.until(func() bool { return Settled(at(t, s.plugin("storm"))) })
}

// deaf is a system that is out of watches.
type deaf struct{ *fsnotify.Watcher }

func (deaf) Add(string) error { return syscall.ENOSPC }

func TestWatchWithoutTheSystem(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() (notifications, error){
		"no instances": func() (notifications, error) { return nil, syscall.EMFILE },
		"no watches": func() (notifications, error) {
			w, err := fsnotify.NewWatcher()
			return deaf{w}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, Watcher{open: open})
			s.write(s.plugin("a"), 0o755)
			s.until(s.has("a"))
			s.must(os.Remove(s.plugin("a")))
			s.until(s.has(""))
			if n := s.logged.count("level=WARN"); n != 1 {
				t.Errorf("%d warnings", n)
			}
		})
	}
}

func TestWatchRescan(t *testing.T) {
	t.Parallel()
	s := newScene(t, Watcher{})
	for range 3 {
		s.rescan <- struct{}{}
		s.report()
	}
	close(s.rescan)
	s.write(s.plugin("a"), 0o755)
	s.until(s.has("a"))
}

// TestWatchEnds runs alone, so that it can count.
func TestWatchEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		w := Watcher{Dir: dir, Lock: filepath.Join(dir, LockName), Logger: slog.New(slog.DiscardHandler), Poll: DefaultPoll}
		w.Run(ctx, nil, cancel)
	}
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines became %d", before, runtime.NumGoroutine())
		}
		runtime.Gosched()
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		for _, e := range open {
			if target, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.Contains(target, "inotify") {
				t.Errorf("%s is still open", target)
			}
		}
	}
}

func TestWatchMissingFolder(t *testing.T) {
	t.Parallel()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	points, resolved := waypoints(top + "/a/b/c")
	if len(points) != 1 || points[0] != (waypoint{top, "a"}) || resolved != "" {
		t.Errorf("a missing path gives %v, %q", points, resolved)
	}
	if err := os.Symlink("loop", top+"/loop"); err != nil {
		t.Fatal(err)
	}
	if points, resolved = waypoints(top + "/loop/x"); len(points) == 0 || resolved != "" {
		t.Errorf("a loop gives %v, %q", points, resolved)
	}
	if _, _, err := Discover(top + "/a"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
