package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Finding is something in the data folder that is not as it should be.
type Finding struct {
	// Path is the file or folder, absolute.
	Path string `json:"path"`
	// URI is the artifact that it is about; empty when there is none.
	URI string `json:"uri,omitempty"`
	// Problem says what is wrong.
	Problem string `json:"problem"`
	// Mend says what repairing does about it, or what a person can do where no repair is without loss.
	Mend string `json:"mend"`
	// Mended says that it was repaired.
	Mended bool `json:"mended"`
}

// Check compares all that is stored with its metadata and its checksum, and looks for what belongs to nothing. With
// repair it mends what can be mended without losing anything. Other hosts may go on working meanwhile. The findings are
// in the order of their paths.
func (s *Store) Check(ctx context.Context, repair bool) ([]Finding, error) {
	c := &checker{store: s, repair: repair, stored: map[string]Case{}}
	if err := c.readCases(); err != nil {
		return nil, fmt.Errorf("checking the store: %w", err)
	}
	for _, step := range []func(context.Context) error{c.artifacts, c.journals, c.partials} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("checking the store: %w", err)
		}
	}
	slices.SortFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Problem, b.Problem))
	})
	return c.findings, nil
}

// checker is one run of Check.
type checker struct {
	store    *Store
	repair   bool
	stored   map[string]Case // by URI
	findings []Finding
}

// found notes a finding, and mends it when that is wanted and there is a way.
func (c *checker) found(f Finding, mend func() error) {
	if c.repair && mend != nil {
		if err := mend(); err != nil {
			f.Mend += fmt.Sprintf("; that did not succeed: %v", err)
		} else {
			f.Mended = true
		}
	}
	c.findings = append(c.findings, f)
}

func (c *checker) stray(path string) {
	c.found(Finding{Path: path, Problem: "it is nothing that the store has made", Mend: "look at it, and move it elsewhere or remove it by hand"}, nil)
}

func (c *checker) unreadable(path, uri string, err error) {
	c.found(Finding{Path: path, URI: uri, Problem: fmt.Sprintf("it cannot be read: %v", err), Mend: "check the disk and the permissions"}, nil)
}

func (c *checker) leftover(path string) {
	c.found(Finding{Path: path, Problem: "it is a temporary file of a server that was killed", Mend: "it is removed"}, func() error { return os.Remove(path) })
}

// artifacts checks the stored files, folder by folder.
func (c *checker) artifacts(ctx context.Context) error {
	entries, err := readFolder(c.store.folder("artifacts"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(c.store.folder("artifacts"), e.Name())
		if !e.IsDir() || !isID(e.Name()) {
			c.stray(path)
			continue
		}
		names, err := c.names(e.Name())
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := c.content(ctx, e.Name(), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// names looks at the names in an artifact's folder, while nobody stores or removes any, and returns those of contents.
func (c *checker) names(id string) ([]string, error) {
	unlock, err := c.store.exclude()
	if err != nil {
		return nil, err
	}
	defer unlock()
	folder := filepath.Join(c.store.folder("artifacts"), id)
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, os.ErrNotExist): // another host has removed it
		return nil, nil
	case err != nil:
		c.unreadable(folder, "", err)
		return nil, nil
	case len(entries) == 0:
		c.found(Finding{Path: folder, Problem: "the folder is empty", Mend: "it is removed"}, func() error { return os.Remove(folder) })
	}
	var contents []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		described, isMetadata := describedBy(e.Name())
		switch info, err := e.Info(); {
		case err != nil:
			c.unreadable(path, "", err)
		case isTemporary(e.Name()):
			if isLeftover(info) {
				c.leftover(path)
			}
		case !info.Mode().IsRegular():
			c.stray(path)
		case isMetadata:
			c.metadata(id, described)
		case e.Name() != CleanName(e.Name()):
			c.stray(path)
		default:
			contents = append(contents, e.Name())
		}
	}
	if c.repair {
		_ = os.Remove(folder) // when nothing is left in it
	}
	return contents, nil
}

// describedBy returns the name of the file that a metadata file is about.
func describedBy(metadata string) (name string, ok bool) {
	name, hidden := strings.CutPrefix(metadata, ".")
	name, found := strings.CutSuffix(name, ".json")
	return name, hidden && found && name == CleanName(name)
}

// readFolder is os.ReadDir for a folder that may be missing.
func readFolder(path string) ([]os.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}
