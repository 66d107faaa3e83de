package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"mcp-server/internal/pluginv1"
)

// File is a download in the making: a new file in the call's private folder, hashed while it is written. It ends with
// [File.Store], [File.Keep] or [File.Discard]; the host removes whatever is left in the folder after the call.
type File struct {
	call     *Call
	file     *os.File
	follower *follower
	size     int64
	sum      []byte // SHA-256 of the finished file
	finished bool
	nameless bool // removed, and not to be written anew
	closed   bool
}

// FileInfo describes a file that is handed over.
type FileInfo struct {
	// Name is the file name that the user sees; folders in it are ignored by the host.
	Name string
	// MediaType is the type of the content, such as "application/zip".
	MediaType string
	// Source says where the content came from.
	Source Origin
	// Claim is the call's claim when the file is what was claimed; nil otherwise.
	Claim *Claim
}

// CreateFile starts a download.
func (c *Call) CreateFile() (*File, error) {
	if c.stagingDir == "" {
		return nil, &Error{
			Code: CodeUnimplemented, Source: SourcePlugin,
			Message: "this call has no folder for files: the tool's result type holds no sdk.Artifact, or the host stores no files",
		}
	}
	f, err := os.CreateTemp(c.stagingDir, "file-*")
	if err != nil {
		return nil, storageError("creating a file", err)
	}
	return &File{call: c, file: f, follower: newFollower(f)}, nil
}

// Write appends to the file. After an error the first n bytes are in it, and the rest may be tried again.
func (f *File) Write(p []byte) (n int, err error) {
	n, err = f.file.Write(p)
	f.size += int64(n)
	f.follower.follow(f.size)
	if err != nil {
		return n, storageError("writing the download", err)
	}
	return n, nil
}

// ReadAt reads what has been written, to check it before it is stored.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.file.ReadAt(p, off) }

// Size is the number of bytes written.
func (f *File) Size() int64 { return f.size }

// Reset empties the file to write it again.
func (f *File) Reset() error {
	f.follower.stop()
	if err := f.file.Truncate(0); err != nil {
		return storageError("emptying the download", err)
	}
	if _, err := f.file.Seek(0, 0); err != nil {
		return storageError("emptying the download", err)
	}
	f.follower = newFollower(f.file)
	f.size = 0
	return nil
}

// Store syncs the file and hands it to the host. When it returns without error the content is safe in the store.
func (f *File) Store(ctx context.Context, info FileInfo) (Artifact, error) {
	reply, err := f.handOver(ctx, info, false)
	if err != nil {
		return Artifact{}, err
	}
	var artifact Artifact
	if err := json.Unmarshal(reply.GetArtifact(), &artifact); err != nil {
		return Artifact{}, fmt.Errorf("reading the host's answer: %w", err)
	}
	return artifact, nil
}

// Keep saves what arrived of a download that cannot be repeated, and returns where. It is not an artifact. It is also the
// way on when Store has failed.
func (f *File) Keep(ctx context.Context, info FileInfo) (path string, err error) {
	reply, err := f.handOver(ctx, info, true)
	return reply.GetKeptPath(), err
}

// Discard ends the download without keeping anything. After Store or Keep it does nothing, and while the call has a claim it
// leaves the file to the host, which knows what became of the call.
func (f *File) Discard() {
	if !f.closed {
		f.closed = true
		f.follower.stop()
		_ = f.file.Close() // the host removes the folder with all that is left
		if !f.call.claimed.Load() {
			_ = os.Remove(f.file.Name())
		}
	}
}

// finish makes the file ready to be handed over: hashed, synced, in its place.
func (f *File) finish() error {
	if f.closed {
		return nil
	}
	if f.finished {
		return f.putBack() // and nothing else: Keep hands over what the disk has taken
	}
	f.finished = true
	var err error
	f.sum, err = f.follower.sum()
	if err := errors.Join(err, f.putBack(), f.file.Sync()); err != nil {
		return storageError("syncing the download", err)
	}
	if runtime.GOOS == "windows" { // where the host cannot move a file that is open
		f.closed = true
		return f.file.Close()
	}
	return nil
}

// putBack writes the file anew when somebody has removed it, or the data folder, beneath the call: what it holds may not
// be there a second time.
func (f *File) putBack() error {
	held, err := f.file.Stat()
	if err != nil || !isRemoved(held) {
		return err
	}
	err = os.MkdirAll(filepath.Dir(f.file.Name()), 0o700)
	var anew *os.File
	if err == nil {
		anew, err = os.OpenFile(f.file.Name(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if errors.Is(err, os.ErrPermission) && canBeReadFromOutside {
		f.nameless = true // the host takes it through the descriptor
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(anew, io.NewSectionReader(f.file, 0, f.size)); err != nil {
		return errors.Join(err, anew.Close())
	}
	_ = f.file.Close() // its content is in the new one
	f.file = anew
	return nil
}

func (f *File) handOver(ctx context.Context, info FileInfo, partial bool) (*pluginv1.FileReply, error) {
	if err := f.call.stream.Context().Err(); err != nil {
		return nil, err // the host has ended the call, and looks after the file
	}
	if err := f.finish(); err != nil {
		return nil, err
	}
	source, err := json.Marshal(info.Source)
	if err != nil {
		return nil, err
	}
	answer, err := f.call.ask(ctx, func(id uint32) *pluginv1.CallEvent {
		return &pluginv1.CallEvent{Event: &pluginv1.CallEvent_File{File: &pluginv1.File{
			Id: id, Path: filepath.Base(f.file.Name()), Name: info.Name, MediaType: info.MediaType,
			Size: f.size, Sha256: f.sum, Source: source, Partial: partial, Claimed: info.Claim != nil, Fd: f.descriptor(),
		}}}
	})
	if err != nil {
		return nil, err
	}
	reply := answer.GetFileReply()
	if failure := reply.GetError(); failure != nil {
		return nil, errorFromWire(failure)
	}
	if !f.closed {
		f.closed = true
		_ = f.file.Close() // synced, and the host's now
	}
	return reply, nil
}

// descriptor is that of a file without a name; zero when it has one.
func (f *File) descriptor() int32 {
	if !f.nameless {
		return 0
	}
	return int32(f.file.Fd())
}

// storageError explains a failure of the host's disk without its paths.
func storageError(doing string, err error) error {
	reason := err
	if path, ok := errors.AsType[*os.PathError](err); ok {
		reason = path.Err
	}
	return &Error{
		Code: CodeResourceExhausted, Source: SourceHost, Cause: err,
		Message: fmt.Sprintf("%s on the host's disk: %v; free space or choose another data folder", doing, reason),
	}
}
