package pluginfolder

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// opensEachFile says that watching a folder holds each file in it open, as kqueue does: what surrounds the plugins folder may hold thousands, so
// it is polled.
const opensEachFile = runtime.GOOS != "linux" && runtime.GOOS != "windows"

// maxLinks is how many links the kernel follows in a path.
const maxLinks = 40

// waypoint is an entry of a folder that decides what a path leads to. The folder's own path has no links.
type waypoint struct{ folder, name string }

// waypoints are the links on the way and the end of it, or, where the way ends before, what is missing. The path without links is empty then.
func waypoints(path string) (points []waypoint, resolved string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, ""
	}
	at, ahead := rootOf(path), steps(path)
	for links := 0; len(ahead) > 0; {
		name := ahead[0]
		ahead = ahead[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		full := filepath.Join(at, name)
		info, err := os.Lstat(full)
		isLink := err == nil && info.Mode()&os.ModeSymlink != 0
		if err != nil || isLink || len(ahead) == 0 {
			points = append(points, waypoint{at, name})
		}
		if err != nil {
			return points, ""
		}
		if !isLink {
			at = full
			continue
		}
		target, err := os.Readlink(full)
		if links++; err != nil || links > maxLinks {
			return points, ""
		}
		if filepath.IsAbs(target) {
			at = rootOf(target)
		}
		ahead = append(steps(target), ahead...)
	}
	return points, at
}

func rootOf(path string) string { return filepath.VolumeName(path) + string(filepath.Separator) }

func steps(path string) []string {
	path = filepath.ToSlash(path[len(filepath.VolumeName(path)):])
	found := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return slices.DeleteFunc(found, func(step string) bool { return step == "." })
}

// wantedFolders are the folders in which something decides what the plugins are: the plugins folder, the one that holds it, the lock
// file's, and those that links lead through.
func wantedFolders(dir, lock string) map[string]*names {
	wanted := map[string]*names{}
	add := func(points []waypoint) {
		for _, p := range points {
			n := namesIn(wanted, p.folder)
			n.set[p.name] = true
		}
	}
	points, resolved := waypoints(dir)
	add(points)
	if lock != "" {
		points, _ = waypoints(lock)
		add(points)
	}
	if opensEachFile {
		clear(wanted)
	}
	if resolved == "" {
		return wanted
	}
	namesIn(wanted, resolved).all = true
	if opensEachFile {
		return wanted
	}
	listed, _ := os.ReadDir(resolved) // what is unreadable has no links to follow
	for _, e := range listed {
		if e.Type()&os.ModeSymlink != 0 && !passedOver(e.Name()) {
			points, _ = waypoints(filepath.Join(resolved, e.Name()))
			add(points)
		}
	}
	return wanted
}

func namesIn(wanted map[string]*names, folder string) *names {
	if wanted[folder] == nil {
		wanted[folder] = &names{set: map[string]bool{}}
	}
	return wanted[folder]
}
