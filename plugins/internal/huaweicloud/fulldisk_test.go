package huaweicloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcp-server/sdk"
)

// tightFile is a file on a disk that is full from a size on, until it has been tried often enough.
type tightFile struct {
	*sdk.File
	space int64 // bytes that fit
	tries int   // writes that fail before there is more space; negative: there never is
	err   error
}

func (f *tightFile) Write(p []byte) (int, error) {
	fits := f.space - f.Size()
	if f.tries == 0 || int64(len(p)) <= fits {
		return f.File.Write(p)
	}
	f.tries--
	n, err := f.File.Write(p[:max(fits, 0)])
	if err != nil {
		return n, err
	}
	return n, &sdk.Error{
		Code: sdk.CodeResourceExhausted, Source: sdk.SourceHost, Message: "writing the download on the host's disk: " + f.err.Error(),
		Cause: &os.PathError{Op: "write", Path: "/x", Err: f.err},
	}
}

// tightTool downloads into a file on a tight disk.
func tightTool(c *Client, r Request, space int64, tries int, problem error) sdk.Tool {
	return tool(func(ctx context.Context, call *sdk.Call, target Target) (DownloadResult, error) {
		s, err := c.prepare(ctx, target, r)
		if err != nil {
			return DownloadResult{}, err
		}
		s.wait = time.Minute
		under, err := call.CreateFile()
		if err != nil {
			return DownloadResult{}, err
		}
		defer under.Discard()
		f := &fetch{
			client: c, call: call, file: &tightFile{File: under, space: space, tries: tries, err: problem},
			download: Download{Name: "a.zip", Expect: KindZIP, OnceOnlyHint: hint}, progress: progress{send: call.Progress},
		}
		return f.run(ctx, func(ctx context.Context, rest http.Header) (*http.Response, shot, error) {
			response, err := c.send(ctx, s.with(rest))
			return response, s, err
		})
	})
}

// TestFullDisk waits for space where the download cannot be repeated, loses no byte of the one that did not fit, and ends with what is
// kept when the time is over.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	space := int64(len(content) / 3)
	tries := int(defaultLimits().fullDisk / defaultLimits().diskPause)
	for name, test := range map[string]struct {
		request Request
		err     error
		tries   int
		waits   int
		stored  bool
		kept    bool
	}{
		"freed at once":           {archive(), syscall.ENOSPC, 1, 1, true, false},
		"freed at the last try":   {archive(), syscall.ENOSPC, tries, tries, true, false},
		"quota":                   {archive(), syscall.EDQUOT, 3, 3, true, false},
		"never freed":             {archive(), syscall.ENOSPC, -1, tries, false, true},
		"another trouble":         {archive(), syscall.EIO, 1, 0, false, true},
		"can be repeated":         {template(), syscall.ENOSPC, -1, 0, false, false},
		"can be repeated, freed ": {template(), syscall.ENOSPC, 1, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				body(content, "Content-Length", fmt.Sprint(len(content)))(w, r)
			})
			c, pauses := client(t, ROMA, withKey(ROMA, server))
			r := run(t, tightTool(c, test.request, space, test.tries, test.err))
			if asked.Load() != 1 || len(*pauses) != test.waits {
				t.Errorf("asked %d times, %d waits, want %d", asked.Load(), len(*pauses), test.waits)
			}
			rising(t, r.Progress)
			said := 0
			for _, p := range r.Progress {
				if strings.Contains(p.Message, "the disk is full, "+size(space)) && strings.Contains(p.Message, "more seconds for space") {
					said++
				}
			}
			if said != test.waits {
				t.Errorf("%d messages for %d waits: %+v", said, test.waits, r.Progress)
			}
			if test.stored {
				stored(t, r, content)
				return
			}
			e := refusal(t, r)
			mention(t, e, test.err.Error())
			if e.Source != sdk.SourceHost || (len(r.Kept) == 1) != test.kept {
				t.Errorf("source %s, kept %v", e.Source, r.Kept)
			}
			if test.kept {
				mention(t, e, fmt.Sprintf("%d of %d bytes arrived", space, len(content)), "they are kept in", hint)
				if kept, err := os.ReadFile(r.Kept[0]); err != nil || !bytes.Equal(kept, content[:space]) {
					t.Errorf("kept %d bytes, %v", len(kept), err)
				}
			}
		})
	}
}

// TestFullDiskAndCancelled ends the wait with the call, and keeps what has arrived.
func TestFullDiskAndCancelled(t *testing.T) {
	t.Parallel()
	content := bigZip(t)
	c, _ := client(t, ROMA, withKey(ROMA, serve(t, body(content, "Content-Length", fmt.Sprint(len(content))))))
	waits := 0
	c.sleep = func(context.Context, time.Duration) error {
		if waits++; waits == 3 {
			return context.Canceled
		}
		return nil
	}
	r := run(t, tightTool(c, archive(), 1000, -1, syscall.ENOSPC))
	mention(t, refusal(t, r), "no space left", "1000 of", "they are kept in")
	if waits != 3 || len(r.Kept) != 1 {
		t.Errorf("%d waits, kept %v", waits, r.Kept)
	}
}

// TestIsFull looks through the error that a plugin sees.
func TestIsFull(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		syscall.ENOSPC: true, syscall.EDQUOT: true, syscall.EIO: false, errors.New("no space left on device"): false,
		&sdk.Error{Message: "x", Cause: &os.PathError{Err: syscall.ENOSPC}}: true,
	} {
		if got := isFull(err); got != want {
			t.Errorf("%v: %t", err, got)
		}
	}
}
