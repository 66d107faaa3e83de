package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"mcp-server/internal/emulator"
)

// side is one of the two ways to download: its times, one for each round, and the processor time of it and of the emulator.
type side struct{ took, cpu, cloud []time.Duration }

// downloads is one run of the download benchmark.
type downloads struct {
	dir          string
	cloud        *cloud
	session      *session
	host, plugin watched
	curl, ours   side
}

// measureDownload downloads archives of the given size with curl and sync, and with one call of a server that runs throughout, in turn.
// What a download leaves is removed after it, before the next one is timed.
func measureDownload(out io.Writer, rounds, size int, dir string) (err error) {
	dir, err = os.MkdirTemp(dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := build("run", "./internal/build", "-o", dir); err != nil {
		return err
	}
	d := &downloads{dir: dir}
	if d.cloud, err = startCloud(size); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.cloud.close()) }()
	d.session, err = open([]string{filepath.Join(dir, "mcp-server"), "serve", "--log-level", "error", "--data-dir", filepath.Join(dir, "data")},
		append(d.cloud.Environment, "HUAWEICLOUD_METADATA_ENDPOINT=off"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.session.close()) }()
	idle, err := d.settle()
	if err != nil {
		return err
	}
	for n := range rounds {
		if err := d.round(n); err != nil {
			return err
		}
	}
	peak, err := d.both("VmHWM")
	if err != nil {
		return err
	}
	return d.print(out, size, peak, idle)
}

// settle makes one small call, so that plugin and connections are there, and returns the memory in use then.
func (d *downloads) settle() (idle int64, err error) {
	if _, err := d.session.call("roma_list_instances", "{}"); err != nil {
		return 0, err
	}
	d.host = watched(d.session.process.Process.Pid)
	if d.plugin, err = childOf(int(d.host), "roma-download-archive"); err != nil {
		return 0, err
	}
	if err := errors.Join(d.host.forgetPeak(), d.plugin.forgetPeak()); err != nil {
		return 0, err
	}
	return d.both("VmRSS")
}

// both adds a number up for host and plugin.
func (d *downloads) both(name string) (int64, error) {
	host, err := d.host.memory(name)
	if err != nil {
		return 0, err
	}
	plugin, err := d.plugin.memory(name)
	return host + plugin, err
}

// round downloads once each way, the first of them in turn.
func (d *downloads) round(n int) error {
	ways := []func(string) error{d.withCurl, d.withServer}
	for i := range ways {
		id, err := d.cloud.export()
		if err != nil {
			return fmt.Errorf("making an archive: %w", err)
		}
		way := (n + i) % 2
		before := d.cloud.cpu()
		if err := ways[way](id); err != nil {
			return err
		}
		served := []*side{&d.curl, &d.ours}[way]
		served.cloud = append(served.cloud, d.cloud.cpu()-before)
		if err := command(nil, "sync"); err != nil { // so that the removal of one file does not slow the next
			return err
		}
	}
	return nil
}

func (d *downloads) withCurl(id string) error {
	path := filepath.Join(d.dir, "curl.zip")
	defer func() { _ = os.Remove(path) }()
	var cpu time.Duration
	begin := time.Now()
	if err := command(&cpu, "curl", "-sf", "-H", "X-Auth-Token: "+d.cloud.Token, "-o", path, d.cloud.archiveURL(id)); err != nil {
		return err
	}
	if err := command(&cpu, "sync", path); err != nil {
		return err
	}
	d.curl.took, d.curl.cpu = append(d.curl.took, time.Since(begin)), append(d.curl.cpu, cpu)
	return nil
}

func (d *downloads) withServer(id string) error {
	begin, used := time.Now(), d.host.cpu()+d.plugin.cpu()
	line, err := d.session.call("roma_download_asset_archive", fmt.Sprintf(`{"instance_id":%q,"archive_id":%q}`, emulator.ROMAInstanceID, id))
	if err != nil {
		return err
	}
	d.ours.took, d.ours.cpu = append(d.ours.took, time.Since(begin)), append(d.ours.cpu, d.host.cpu()+d.plugin.cpu()-used)
	var result struct {
		Artifacts []struct {
			Path string
			Size int64
		}
	}
	if err := structured(line, &result); err != nil || len(result.Artifacts) != 1 {
		return errors.Join(fmt.Errorf("reading the answer %.300s", line), err)
	}
	return os.RemoveAll(filepath.Dir(result.Artifacts[0].Path))
}

// command runs a program and adds its processor time.
func command(cpu *time.Duration, name string, args ...string) error {
	c := exec.CommandContext(context.Background(), name, args...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	if cpu != nil {
		*cpu += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	return nil
}

func (d *downloads) print(out io.Writer, size int, peak, idle int64) error {
	const mib = 1 << 20
	line := func(name string, s side) string {
		took := median(s.took)
		return fmt.Sprintf("%-14s %7s %6.0f MiB/s   processor %6s, the emulator's %6s\n",
			name, took.Round(time.Millisecond), float64(size)/mib/took.Seconds(), median(s.cpu).Round(time.Millisecond), median(s.cloud).Round(time.Millisecond))
	}
	ratios := make([]float64, len(d.ours.took))
	for n := range ratios {
		ratios[n] = float64(d.curl.took[n]) / float64(d.ours.took[n])
	}
	_, err := fmt.Fprintf(out, `%s
%d MiB in one call of a server that runs throughout; %d rounds, medians

%s%s
throughput     %.2f of curl's (single rounds %.2f to %.2f)
memory         %.1f MiB more than the idle %.1f MiB, host and plugin together
`,
		about(), size/mib, len(ratios),
		line("curl and sync", d.curl), line("one call", d.ours),
		float64(median(d.curl.took))/float64(median(d.ours.took)), slices.Min(ratios), slices.Max(ratios),
		float64(peak-idle)/mib, float64(idle)/mib)
	return err
}
