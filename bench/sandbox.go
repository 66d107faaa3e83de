package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bounded compares plugins with and without what bounds them: the launcher at the start, and the proxy between them and
// the network.
type bounded struct {
	dir   string
	off   []string // the flags of a server without bounds
	cloud *cloud
	first [2][]time.Duration // first calls of a server, which start the plugin: with bounds, without
	loads [2][]time.Duration // downloads
}

// measureSandbox times the first call of a server and the download of an archive of the given size, with and without bounds in turn.
func measureSandbox(out io.Writer, rounds, size int, off, dir string) (err error) {
	dir, err = os.MkdirTemp(dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := buildAll(dir); err != nil {
		return err
	}
	b := &bounded{dir: dir, off: strings.Fields(off)}
	if b.cloud, err = startCloud(size); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.cloud.close()) }()
	if err := b.firstCalls(rounds); err != nil {
		return err
	}
	if err := b.downloads(rounds); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s; %d rounds, medians\n\n%s%s", about(), rounds,
		b.row("first call of a server", b.first), b.row(fmt.Sprintf("download of %d MiB", size>>20), b.loads))
	return err
}

// open starts a server with bounds (way 0) or without (way 1). Both know the plugins from before, once they have run.
func (b *bounded) open(way int, plugins string) (*session, error) {
	args := []string{filepath.Join(b.dir, "mcp-server"), "serve", "--log-level", "error", "--data-dir", filepath.Join(b.dir, "data"),
		"--plugins", filepath.Join(b.dir, plugins)}
	if way == 1 {
		args = append(args, b.off...)
	}
	return open(args, append(b.cloud.Environment, "HUAWEICLOUD_METADATA_ENDPOINT=off", "XDG_CACHE_HOME="+filepath.Join(b.dir, "cache")))
}

func (b *bounded) firstCalls(rounds int) error {
	for n := range rounds + 1 {
		for i := range 2 {
			way := (n + i) % 2
			took, err := b.firstCall(way)
			if err != nil {
				return err
			}
			if n > 0 { // before that, nothing was known of the plugin
				b.first[way] = append(b.first[way], took)
			}
		}
	}
	return nil
}

func (b *bounded) firstCall(way int) (took time.Duration, err error) {
	s, err := b.open(way, "echo")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := s.ask("tools/list", ""); err != nil {
		return 0, err
	}
	begin := time.Now()
	_, err = s.call(echoName+"_echo", `{"text":"first"}`)
	return time.Since(begin), err
}

// downloads has two servers that run throughout. The plugin of the one without bounds runs beside it and is attached, so that neither the
// launcher nor the proxy has a part in it.
func (b *bounded) downloads(rounds int) (err error) {
	beside, flag, err := debugged(filepath.Join(b.dir, "plugins", "roma-download-archive"))
	if err != nil {
		return err
	}
	defer func() { _ = beside.Process.Kill(); _ = beside.Wait() }()
	b.off = append(b.off, "--reattach", flag)
	var all [2]*downloads
	for way := range all {
		s, err := b.open(way, "plugins")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		all[way] = &downloads{dir: b.dir, cloud: b.cloud, session: s, host: watched(s.process.Process.Pid), plugin: watched(beside.Process.Pid)}
		if way == 0 {
			if _, err := all[way].settle(); err != nil {
				return err
			}
		}
	}
	for n := range rounds {
		for i := range 2 {
			way := (n + i) % 2
			id, err := b.cloud.export()
			if err != nil {
				return fmt.Errorf("making an archive: %w", err)
			}
			if err := all[way].withServer(id); err != nil {
				return err
			}
			if err := command(nil, "sync"); err != nil { // so that the removal of one file does not slow the next
				return err
			}
		}
	}
	b.loads = [2][]time.Duration{all[0].ours.took, all[1].ours.took}
	return nil
}

// debugged starts a plugin by hand, and returns what a server needs to attach to it.
func debugged(path string) (*exec.Cmd, string, error) {
	plugin := exec.CommandContext(context.Background(), path, "debug")
	out, err := plugin.StdoutPipe()
	if err == nil {
		err = plugin.Start()
	}
	if err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, "", errors.Join(err, plugin.Process.Kill(), plugin.Wait())
	}
	_, flag, _ := strings.Cut(strings.TrimSpace(line), "=")
	return plugin, flag, nil
}

// row compares round by round, because a disk is not as fast in one minute as in the next.
func (b *bounded) row(what string, times [2][]time.Duration) string {
	with, without := median(times[0]), median(times[1])
	ratios := make([]float64, len(times[0]))
	for n := range ratios {
		ratios[n] = float64(times[0][n]) / float64(times[1][n])
	}
	return fmt.Sprintf("%-28s without bounds %9s   with %9s   %+9s, ratio %.3f (single rounds %.3f to %.3f)\n", what,
		without.Round(10*time.Microsecond), with.Round(10*time.Microsecond), (with - without).Round(10*time.Microsecond),
		float64(with)/float64(without), slices.Min(ratios), slices.Max(ratios))
}
