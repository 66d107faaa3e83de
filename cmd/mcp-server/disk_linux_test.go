package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/sys/unix"

	"mcp-server/internal/emulator"
)

const noMinimum = "MCP_SERVER_MIN_FREE=0"

// smallDisk mounts a disk of its own, which takes a privilege that containers of continuous integration have.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := shortTempDir(t)
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
	if errors.Is(err, unix.EPERM) {
		t.Skip("a small disk cannot be mounted without privileges")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// background calls a tool and returns where its answer comes.
func background(t *testing.T, s *server, tool string, arguments map[string]any) <-chan *mcp.CallToolResult {
	t.Helper()
	answer := make(chan *mcp.CallToolResult, 1)
	go func() {
		params := &mcp.CallToolParams{Name: tool, Arguments: arguments}
		params.SetProgressToken(tool)
		r, _ := s.CallTool(t.Context(), params)
		answer <- r
	}()
	return answer
}

func (s *server) said(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.progress {
		if strings.Contains(p.Message, text) {
			return true
		}
	}
	return false
}

// TestDiskFillsUp has a disk that is full in the middle of a once-only download: the download waits, and is whole when
// space is freed.
func TestDiskFillsUp(t *testing.T) {
	t.Parallel()
	data := smallDisk(t, "12m")
	ballast := filepath.Join(data, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 6<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud := startCloud(t, emulator.Config{ArchiveSize: 8 << 20})
	s := startServerOn(t, cloud, dataDir(data), noMinimum)
	answer := background(t, s, downloadArchive, archiveArguments())
	waitFor(t, "the download to wait for space", func() bool { return s.said("full") })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	r := <-answer
	if r == nil || r.IsError {
		t.Fatalf("answered by %+v", r)
	}
	s.compare(t, r, "roma/"+emulator.ROMAArchiveID)
	if n := requested(cloud); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestDiskStaysFull ends the server while the download waits: what is there is kept and said.
func TestDiskStaysFull(t *testing.T) {
	t.Parallel()
	data := smallDisk(t, "6m")
	cloud := startCloud(t, emulator.Config{ArchiveSize: 8 << 20})
	s := startServerOn(t, cloud, dataDir(data), noMinimum)
	answer := background(t, s, downloadArchive, archiveArguments())
	waitFor(t, "the download to wait for space", func() bool { return s.said("full") })
	kill(t, s.plugin(t, "roma-download-archive"))
	if r := <-answer; r == nil || !r.IsError || !strings.Contains(textOf(r), "bytes are kept in") {
		t.Errorf("answered by %+v", r)
	}
	if outcome := checkAfterKill(t, cloud, data, s.call(t, downloadArchive, archiveArguments())); outcome != "cut, kept and said so" {
		t.Errorf("afterwards it was %s", outcome)
	}
}

// TestTooLittleSpace is refused before anything is sent.
func TestTooLittleSpace(t *testing.T) {
	t.Parallel()
	data := smallDisk(t, "6m")
	s := startServerOn(t, startCloud(t, emulator.Config{}), dataDir(data))
	if r := s.call(t, downloadArchive, archiveArguments()); !r.IsError || !strings.Contains(textOf(r), "--min-free") {
		t.Errorf("answered by %s", textOf(r))
	}
	if n := requested(s.cloud); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestReadOnlyFolder has a data folder that becomes read-only: nothing is requested that could not be journaled. A server
// that finds it so says it at once.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	data := smallDisk(t, "6m")
	cloud := startCloud(t, emulator.Config{})
	s := startServerOn(t, cloud, dataDir(data), noMinimum)
	if err := unix.Mount("tmpfs", data, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := s.call(t, downloadArchive, archiveArguments()); !r.IsError || !strings.Contains(textOf(r), "read-only") {
			t.Errorf("answered by %s", textOf(r))
		}
	}
	if n := requested(cloud); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if out, code := runServer(t, "artifact", "list", "--data-dir", data); code != exitDone {
		t.Errorf("what cannot be written cannot be looked at: %d and %s", code, out)
	}
	if out, code := runServer(t, "tools", "--data-dir", filepath.Join(data, "new")); code != exitBroken || !strings.Contains(out, "--data-dir") {
		t.Errorf("ended with %d and %s", code, out)
	}
}

// TestFolderDeletedUnderneath removes the whole data folder in the middle of a once-only download.
func TestFolderDeletedUnderneath(t *testing.T) {
	t.Parallel()
	data := filepath.Join(shortTempDir(t), "data")
	cloud := startCloud(t, emulator.Config{}, emulator.Fault{Service: emulator.ServiceROMA, Kind: emulator.FaultSlow})
	s := startServerOn(t, cloud, dataDir(data))
	answer := background(t, s, downloadArchive, archiveArguments())
	waitFor(t, "the beginning of the archive", func() bool {
		files, _ := filepath.Glob(filepath.Join(data, "staging", "*", "*", "*", "file-*"))
		if len(files) == 0 {
			return false
		}
		info, err := os.Stat(files[0])
		return err == nil && info.Size() > 0
	})
	waitFor(t, "the folder to be gone", func() bool { return os.RemoveAll(data) == nil }) // the journal is being written
	r := <-answer
	if r == nil || r.IsError {
		t.Fatalf("answered by %s", textOf(r))
	}
	s.compare(t, r, "roma/"+emulator.ROMAArchiveID)
	again := s.call(t, downloadArchive, archiveArguments())
	if again.IsError || requested(cloud) != 1 {
		t.Errorf("the repeat was answered by %s, with %d requests", textOf(again), requested(cloud))
	}
}
