package artifact

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// metadata checks a metadata file that has no content beside it. The caller excludes others.
func (c *checker) metadata(id, name string) {
	path := c.store.contentPath(id, name)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		return // which is checked with the content
	}
	f := Finding{Path: metadataPath(path), URI: uriOf(id, name), Problem: "it is metadata without its file"}
	r, err := c.store.read(id, name)
	switch {
	case err != nil:
		f.Problem += fmt.Sprintf(", and cannot be used: %v", err)
		f.Mend = "it is moved to the folder damaged"
		c.found(f, func() error { return c.store.setAside(id, filepath.Base(f.Path)) })
	case r.OnceOnly():
		f.Problem = "a once-only download is gone from the store, and only its metadata is left"
		f.Mend = "put the file back from a copy if there is one: its checksum is in the metadata"
		c.found(f, nil)
	default:
		f.Mend = "it is removed; the file can be downloaded again"
		c.found(f, func() error { return os.Remove(f.Path) })
	}
}

// content checks a stored file against its metadata and the folder it is in.
func (c *checker) content(ctx context.Context, id, name string) error {
	path := c.store.contentPath(id, name)
	read, err := readWhole(ctx, path)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil // another host has removed it
	}
	if err != nil {
		c.unreadable(path, uriOf(id, name), err)
		return nil
	}
	if r, err := c.store.read(id, name); err == nil && read.fits(r) {
		return nil
	}
	unlock, err := c.store.exclude()
	if err != nil {
		return err
	}
	defer unlock()
	now, err := os.Lstat(path)
	if err != nil || !os.SameFile(read.info, now) {
		return nil // another host has removed or replaced it, and has checked what it put there
	}
	if now.Size() != read.info.Size() || !now.ModTime().Equal(read.info.ModTime()) {
		c.found(Finding{Path: path, URI: uriOf(id, name), Problem: "it was changed while it was read, which no server does", Mend: "check again"}, nil)
		return nil
	}
	c.contentProblem(id, name, read)
	return nil
}

// contentProblem says what is wrong with a file. The caller excludes others, and nothing has changed since it was read.
func (c *checker) contentProblem(id, name string, read wholeFile) {
	path := c.store.contentPath(id, name)
	r, err := c.store.read(id, name)
	f := Finding{Path: path, URI: uriOf(id, name)}
	switch {
	case read.sum[:32] != id:
		f.Problem = "its content does not have the checksum that it was stored under"
		f.Mend = "it is moved to the folder damaged; the next download of it is stored anew"
		names := []string{name}
		if r.OnceOnly() {
			f.Mend = fmt.Sprintf("it is moved to %s; it came from a once-only source, so keep it until you have another copy", c.store.asidePath(id, name))
		}
		if !errors.Is(err, os.ErrNotExist) {
			names = append(names, filepath.Base(metadataPath(path)))
		}
		c.found(f, func() error { return c.store.setAside(id, names...) })
	case errors.Is(err, os.ErrNotExist):
		f.Problem = "it has no metadata, so nobody sees it"
		f.Mend = "metadata is written anew; where the file came from is known only if the journal of once-only downloads says so"
		c.found(f, func() error { return c.describe(id, name, read) })
	case err != nil || !read.fits(r):
		if err == nil {
			err = errors.New("size or checksum in it are not the file's")
		}
		f.Path = metadataPath(path)
		f.Problem = fmt.Sprintf("the metadata of a whole file is wrong: %v", err)
		f.Mend = "it is moved to the folder damaged and written anew"
		c.found(f, func() error {
			return errors.Join(c.store.setAside(id, filepath.Base(f.Path)), c.describe(id, name, read))
		})
	}
}

// describe writes metadata from what a file itself tells, and from the journal.
func (c *checker) describe(id, name string, read wholeFile) error {
	sum, err := hex.DecodeString(read.sum)
	if err != nil {
		return err
	}
	from := c.stored[uriOf(id, name)]
	r := c.store.newRecord(name, cmp.Or(from.MediaType, read.mediaType), read.info.Size(), sum, from.Source)
	r.StoredAt, r.Claim = read.info.ModTime().UTC().Truncate(time.Millisecond), from.Key
	return c.store.writeMetadata(r)
}

// wholeFile is what reading a file to its end has shown.
type wholeFile struct {
	info      os.FileInfo
	sum       string // in hexadecimal
	mediaType string
}

func (f wholeFile) fits(r Record) bool { return r.SHA256 == f.sum && r.Size == f.info.Size() }

func readWhole(ctx context.Context, path string) (wholeFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return wholeFile{}, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return wholeFile{}, err
	}
	var head [512]byte // all that DetectContentType looks at
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return wholeFile{}, err
	}
	h := sha256.New()
	if err := copyUntil(ctx, h, f); err != nil {
		return wholeFile{}, err
	}
	return wholeFile{info: info, sum: hex.EncodeToString(h.Sum(nil)), mediaType: http.DetectContentType(head[:n])}, nil
}

// copyUntil copies until the end, or until the context is done.
func copyUntil(ctx context.Context, to io.Writer, from io.Reader) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := io.CopyN(to, from, 1<<20); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// setAside moves files of an artifact's folder, content or metadata, to the folder damaged. The caller excludes others.
func (s *Store) setAside(id string, names ...string) error {
	from, to := filepath.Join(s.folder("artifacts"), id), filepath.Join(s.folder("damaged"), id)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		target := filepath.Join(to, name)
		for n := 2; exists(target); n++ { // one that was moved before
			target = filepath.Join(to, fmt.Sprintf("%s~%d", name, n))
		}
		if err := os.Rename(filepath.Join(from, name), target); err != nil {
			return err
		}
	}
	errs := []error{syncFolder(to), syncFolder(filepath.Dir(to)), syncFolder(from)}
	_ = os.Remove(from) // when nothing is left in it
	return errors.Join(append(errs, syncFolder(filepath.Dir(from)))...)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
