package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
	"mcp-server/sdk"
)

func newArtifactGetCommand(s *settings, std streams) *cobra.Command {
	var to string
	var force bool
	c := &cobra.Command{
		Use:   "get URI",
		Short: "Copy a stored file, by default into the working folder, and check it on the way",
		Long: `Copy a stored file. Its checksum is computed on the way, and the copy appears under its name only when it is whole.
The path of the copy goes to standard output.`,
		Example: `  mcp-server artifact get artifact://2cf24dba5fb0a30e26e83b2ac5b9e29e/archive.zip
  mcp-server artifact get 2cf24d --to /tmp/copy.zip --force
  mcp-server artifact get 2cf24d --to - | sha256sum`,
		Args: oneArtifact,
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			if asJSON && to == "-" {
				return usageError{errors.New("--to - writes the content to standard output, where no JSON fits; leave one of them out")}
			}
			return withStore(s, std, func(store *artifact.Store) error {
				r, err := find(store, args[0])
				if err != nil {
					return err
				}
				if to == "-" {
					err := copyTo(c.Context(), store, r, std.out)
					if errors.Is(err, syscall.EPIPE) { // the reader has what it wants, as head does
						return nil
					}
					return err
				}
				path, err := copyToFile(c.Context(), store, r, to, force)
				switch {
				case err != nil:
					return err
				case asJSON:
					return writeJSON(std.out, map[string]any{"uri": r.URI, "path": path, "size": r.Size, "sha256": r.SHA256})
				}
				_, err = fmt.Fprintln(std.out, path)
				return err
			})
		},
	}
	c.Flags().StringVar(&to, "to", ".", "the file or folder to copy to, or - for standard output; a folder that ends in / is made")
	c.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	addOutputFlag(c, s)
	return c
}

// copyTo copies the content and fails when it is not what was stored.
func copyTo(ctx context.Context, store *artifact.Store, r artifact.Record, out io.Writer) error {
	from, err := store.Content(r)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()                         // only read
	stop := context.AfterFunc(ctx, func() { _ = from.Close() }) // which ends a long copy
	defer stop()
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), from)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("copying %s: %w", r.Name, err)
	case hex.EncodeToString(sum.Sum(nil)) != r.SHA256:
		return &sdk.Error{
			Code: sdk.CodeDataLoss, Source: sdk.SourceHost,
			Message: fmt.Sprintf("%s does not have the checksum that it was stored with, so do not use it; "+
				"mcp-server artifact fsck --repair moves it away, and downloading it again stores it anew", r.URI),
		}
	}
	return nil
}

// copyToFile copies to a temporary name and renames; it returns the absolute path of the copy.
func copyToFile(ctx context.Context, store *artifact.Store, r artifact.Record, to string, force bool) (path string, err error) {
	path, err = targetOf(to, r.Name, force)
	if err != nil {
		return "", err
	}
	temporary := filepath.Join(filepath.Dir(path), ".mcp-server-"+uuid.NewString())
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666) // as the user's umask has it
	if errors.Is(err, fs.ErrNotExist) {
		return "", usageError{fmt.Errorf("there is no folder %s to copy to", filepath.Dir(path))}
	}
	if err != nil {
		return "", fmt.Errorf("copying %s: %w", r.Name, err)
	}
	defer func() { _ = os.Remove(temporary) }() // gone already when all went well
	err = copyTo(ctx, store, r, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if force {
		return path, os.Rename(temporary, path)
	}
	return path, renameNew(temporary, path)
}

// targetOf decides on the name of the copy.
func targetOf(to, name string, force bool) (string, error) {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, name)
	} else if to == "" {
		return "", usageError{errors.New("--to wants a file or a folder to copy to")}
	} else if os.IsPathSeparator(to[len(to)-1]) {
		if err := os.MkdirAll(to, 0o777); err != nil { // as the user's umask has it
			return "", usageError{fmt.Errorf("making the folder to copy to: %w", err)}
		}
		to = filepath.Join(to, name)
	}
	path, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return "", usageError{fmt.Errorf("%s is not a file that could be replaced; choose another name with --to", path)}
	} else if err == nil && !force {
		return "", existsAlready(path)
	}
	return path, nil
}

func existsAlready(path string) error {
	return usageError{fmt.Errorf("%s exists already; choose another name with --to, or replace it with --force", path)}
}

// renameNew renames a file unless something has the new name.
func renameNew(from, to string) error {
	err := os.Link(from, to) // which never replaces
	if err == nil {
		return os.Remove(from)
	}
	if _, statErr := os.Lstat(to); errors.Is(err, fs.ErrExist) || statErr == nil {
		return existsAlready(to)
	}
	return os.Rename(from, to) // a file system without hard links
}
