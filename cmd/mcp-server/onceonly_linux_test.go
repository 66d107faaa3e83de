package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mcp-server/internal/emulator"
)

var bodySize = flag.Int("body", 64<<20, "size in bytes of the archive that must take no memory")

var moments = flag.Int("moments", 34, "at how many random moments of a once-only download each kind of process is killed")

// TestKilledAtAnyMoment kills the plugin, the server or both with SIGKILL at random moments of a once-only download, and
// asks again: the archive is whole in the store, or it is said what is known; there are never two requests.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{"plugin", "server", "both"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			outcomes := map[string]int{}
			span := 60 * time.Millisecond
			for range *moments {
				outcome, took := killOnce(t, victim, rand.N(span))
				if outcomes[outcome]++; took > 0 {
					span = 2 * took // the first that was not cut says how long one takes
				}
			}
			t.Logf("%d moments of the %s: %v", *moments, victim, outcomes)
		})
	}
}

// killOnce returns what became of the archive, and how long a call took that was not cut.
func killOnce(t *testing.T, victim string, moment time.Duration) (outcome string, took time.Duration) {
	t.Helper()
	cloud := startCloud(t, emulator.Config{ArchiveSize: 4 << 20})
	defer func() { _ = cloud.Close() }()
	data := shortTempDir(t)
	s := startServerOn(t, cloud, dataDir(data), eager[0])
	defer func() { _ = s.Close() }()
	plugin := s.plugin(t, "roma-download-archive")
	begin := time.Now()
	answer := make(chan *mcp.CallToolResult, 1)
	go func() {
		r, _ := s.CallTool(t.Context(), &mcp.CallToolParams{Name: downloadArchive, Arguments: archiveArguments()})
		took = time.Since(begin)
		answer <- r
	}()
	<-time.After(moment)
	if victim != "server" {
		kill(t, plugin)
	}
	if victim != "plugin" {
		kill(t, s.process.Process.Pid)
	}
	first := <-answer
	done := first != nil && !first.IsError
	if !done {
		took = 0
	}
	if victim != "plugin" {
		s = startServerOn(t, cloud, dataDir(data))
		defer func() { _ = s.Close() }()
	}
	before := requested(cloud)
	var r *mcp.CallToolResult
	waitFor(t, "a call to find a fresh process", func() bool { // one that meets the dying one is answered at once
		r = s.call(t, downloadArchive, archiveArguments())
		return !r.IsError || !strings.Contains(textOf(r), "look before calling again")
	})
	outcome = checkAfterKill(t, cloud, data, r)
	switch {
	case done && outcome != "whole":
		t.Errorf("after the call had succeeded the archive was %s", outcome)
	case outcome == "whole" && before == 0:
		outcome = "whole, by the next call"
	case outcome == "whole" && !done:
		outcome = "whole, although the call was cut"
	}
	return outcome, took
}

var keptAmount = regexp.MustCompile(`(\d+)(?: of \d+)? bytes are kept in (\S+[^\s.,:)])`)

// checkAfterKill checks the store, the journal's answer and the number of requests.
func checkAfterKill(t *testing.T, cloud *emulator.Emulator, data string, r *mcp.CallToolResult) string {
	t.Helper()
	if n := requested(cloud); n > 1 {
		t.Errorf("%d requests were sent", n)
	}
	checkStore(t, data)
	content, _ := cloud.Content("roma/" + emulator.ROMAArchiveID)
	if !r.IsError {
		(&server{cloud: cloud}).compare(t, r, "roma/"+emulator.ROMAArchiveID)
		return "whole"
	}
	text := textOf(r)
	if strings.Contains(text, "nothing of it arrived") && strings.Contains(text, "roma_export_assets") {
		return "nothing arrived, and said so"
	}
	said := keptAmount.FindStringSubmatch(text)
	if said == nil || !strings.Contains(text, "roma_export_assets") {
		t.Fatalf("it is not said what is known: %s", text)
	}
	kept, err := os.ReadFile(said[2])
	if err != nil || strconv.Itoa(len(kept)) != said[1] || !bytes.HasPrefix(content, kept) {
		t.Errorf("%s bytes should be kept in %s, which has %d, %v", said[1], said[2], len(kept), err)
	}
	return "cut, kept and said so"
}

// checkStore compares every file under a final name with its checksum.
func checkStore(t *testing.T, data string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "artifacts", "*", "[^.]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if id := filepath.Base(filepath.Dir(path)); !strings.HasPrefix(sumOf(t, path), id) {
			t.Errorf("%s does not have its checksum", path)
		}
	}
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestLargeArchive downloads much more than server and plugin may take of memory.
func TestLargeArchive(t *testing.T) {
	t.Parallel()
	cloud := startCloud(t, emulator.Config{ArchiveSize: *bodySize})
	s := startServerOn(t, cloud, eager...)
	pids := []int{s.process.Process.Pid, s.plugin(t, "roma-download-archive")}
	before := 0
	for _, pid := range pids {
		before += memory(t, pid, "VmRSS")
	}
	r := s.call(t, downloadArchive, archiveArguments())
	if r.IsError {
		t.Fatal(textOf(r))
	}
	most := 0
	for _, pid := range pids {
		most += memory(t, pid, "VmHWM")
	}
	t.Logf("%d MiB took %d KiB of memory beside %d KiB", *bodySize>>20, most-before, before)
	if most-before > 40<<10 {
		t.Errorf("server and plugin took %d KiB more", most-before)
	}
	content, _ := cloud.OpenContent("roma/" + emulator.ROMAArchiveID)
	want := sha256.New()
	if _, err := io.Copy(want, content); err != nil {
		t.Fatal(err)
	}
	a := artifactOf(results{"": structured(t, r)}, "")
	if sum := sumOf(t, fmt.Sprint(a["path"])); sum != a["sha256"] || sum != hex.EncodeToString(want.Sum(nil)) {
		t.Errorf("the file has the checksum %s, not %s", sum, a["sha256"])
	}
}

// memory reads a figure of a process in KiB.
func memory(t *testing.T, pid int, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), name+":")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return kib
}

// TestTwoServersOneArchive has two servers, and two calls in each, after the same archive at the same time.
func TestTwoServersOneArchive(t *testing.T) {
	t.Parallel()
	cloud := startCloud(t, emulator.Config{}, emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultSlow})
	data := t.TempDir()
	servers := []*server{startServerOn(t, cloud, dataDir(data)), startServerOn(t, cloud, dataDir(data))}
	answers := make(chan *mcp.CallToolResult)
	for n := range 4 {
		go func() {
			r, _ := servers[n%2].CallTool(t.Context(), &mcp.CallToolParams{Name: downloadArchive, Arguments: archiveArguments()})
			answers <- r
		}()
	}
	repeated := 0
	for range 4 {
		r := <-answers
		if r == nil || r.IsError {
			t.Fatalf("answered by %+v", r)
		}
		servers[0].compare(t, r, "roma/"+emulator.ROMAArchiveID)
		if structured(t, r)["repeated"] == true {
			repeated++
		}
	}
	if n := requested(cloud); n != 1 || repeated != 3 {
		t.Errorf("%d requests, %d answers from the store", n, repeated)
	}
}

// TestResetAtEveryTenth breaks a once-only download, and one that can be resumed, at every tenth of the body.
func TestResetAtEveryTenth(t *testing.T) {
	t.Parallel()
	for tenth := range 10 {
		t.Run(fmt.Sprint(tenth), func(t *testing.T) {
			t.Parallel()
			cloud := startCloud(t, emulator.Config{})
			content, _ := cloud.Content("roma/" + emulator.ROMAArchiveID)
			template, _ := cloud.Content("rfs/" + emulator.RFSZipTemplateName + "/V2")
			after := func(body []byte) int64 { return max(1, int64(len(body))*int64(tenth)/10) }
			cloud.SetFaults(
				emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultReset, After: after(content)},
				emulator.Fault{Service: emulator.ServiceOBS, Kind: emulator.FaultReset, After: after(template), Times: 1})
			data := t.TempDir()
			s := startServerOn(t, cloud, dataDir(data))
			if r := s.call(t, downloadArchive, archiveArguments()); !r.IsError || !strings.Contains(textOf(r), "roma_export_assets") {
				t.Errorf("a broken download was answered by %s", textOf(r))
			}
			cloud.SetFaults(emulator.Fault{Service: emulator.ServiceOBS, Kind: emulator.FaultReset, After: after(template), Times: 1})
			if outcome := checkAfterKill(t, cloud, data, s.call(t, downloadArchive, archiveArguments())); outcome == "whole" {
				t.Error("a broken download was whole")
			}
			r := s.call(t, "rfs_show_template_version_content", map[string]any{"template_name": emulator.RFSZipTemplateName, "version_id": "V2"})
			if r.IsError {
				t.Fatalf("a download that can be resumed failed: %s", textOf(r))
			}
			s.compare(t, r, "rfs/"+emulator.RFSZipTemplateName+"/V2")
		})
	}
}

// TestBodySlowerThanTheDeadline ends the call by its deadline in the middle of the body.
func TestBodySlowerThanTheDeadline(t *testing.T) {
	t.Parallel()
	cloud := startCloud(t, emulator.Config{}, emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultStall, After: 100_000})
	data := t.TempDir()
	arguments, err := json.Marshal(archiveArguments())
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), serverBinary(), "call", downloadArchive, "--timeout", "1500ms", "--args", string(arguments))
	command.Env = append(cloud.Environment(), "HOME="+t.TempDir(), sharedCache(), "HUAWEICLOUD_METADATA_ENDPOINT=off", dataDir(data))
	out, err := command.CombinedOutput()
	if command.ProcessState.ExitCode() != exitBroken || !strings.Contains(string(out), "deadline") || !strings.Contains(string(out), "bytes are kept in") {
		t.Errorf("ended with %v and %s", err, out)
	}
	s := startServerOn(t, cloud, dataDir(data))
	if outcome := checkAfterKill(t, cloud, data, s.call(t, downloadArchive, archiveArguments())); outcome != "cut, kept and said so" {
		t.Errorf("afterwards it was %s", outcome)
	}
}

// TestJournalTruncatedUnderARunningServer cuts the journal of a stored archive at many bytes.
func TestJournalTruncatedUnderARunningServer(t *testing.T) {
	t.Parallel()
	cloud := startCloud(t, emulator.Config{})
	data := t.TempDir()
	s := startServerOn(t, cloud, dataDir(data))
	s.call(t, downloadArchive, archiveArguments())
	journals, err := filepath.Glob(filepath.Join(data, "once", "*.jsonl"))
	if err != nil || len(journals) != 1 {
		t.Fatalf("found %v, %v", journals, err)
	}
	whole, err := os.ReadFile(journals[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 11 { // the store's own test has every byte
		if err := os.WriteFile(journals[0], whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if r := s.call(t, downloadArchive, archiveArguments()); r.IsError {
			t.Fatalf("cut at %d: %s", n, textOf(r))
		}
	}
	if n := requested(cloud); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestCancelledDownload leaves nothing of what can be fetched again.
func TestCancelledDownload(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	cloud := startCloud(t, emulator.Config{}, emulator.Fault{Service: emulator.ServiceHTAP, Kind: emulator.FaultStall, After: 1000})
	s := startServerOn(t, cloud, dataDir(data))
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() {
		_, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "htap_download_template", Arguments: map[string]any{"instance_id": emulator.HTAPInstanceID}})
		answer <- err
	}()
	files := func(pattern string) int {
		found, _ := filepath.Glob(filepath.Join(data, pattern))
		return len(found)
	}
	waitFor(t, "the beginning of the file", func() bool { return files("staging/*/*/*/file-*") == 1 })
	cancel()
	if err := <-answer; err == nil {
		t.Error("a cancelled call succeeded")
	}
	waitFor(t, "the call's folder to go", func() bool { return files("staging/*/*/*/*") == 0 })
	if files("partial/*") > 0 || files("artifacts/*") > 0 {
		t.Error("something was kept")
	}
}

// runServer runs one command of the real binary and returns all that it prints.
func runServer(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), serverBinary(), args...)
	command.Env = []string{"HOME=" + t.TempDir()}
	combined, _ := command.CombinedOutput() // the exit code says how it ended
	return string(combined), command.ProcessState.ExitCode()
}
