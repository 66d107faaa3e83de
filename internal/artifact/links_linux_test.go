package artifact

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A plugin can write to the folder around its calls' folders, so it can put a link in the place of one.
func TestLinksOfAPluginLeadNowhere(t *testing.T) {
	t.Parallel()
	const secret = "a private key"
	tests := map[string]func(t *testing.T, s *Store, home, dir string) error{
		"a call's folder is a link to another one when a file is handed over": func(t *testing.T, s *Store, home, dir string) error {
			t.Helper()
			replaceByLink(t, dir, home)
			c := candidateOf(t.TempDir(), secret)
			c.StagingDir, c.Path = dir, "key"
			_, err := s.Adopt(c)
			return err
		},
		"a call's folder is a link when what is left of it is kept": func(t *testing.T, s *Store, home, dir string) error {
			t.Helper()
			replaceByLink(t, dir, home)
			_, err := s.rescue(dir)
			return err
		},
		"the file is a link": func(t *testing.T, s *Store, home, dir string) error {
			t.Helper()
			c := candidateOf(dir, secret)
			must(t, os.Remove(filepath.Join(dir, c.Path)))
			must(t, os.Symlink(filepath.Join(home, "key"), filepath.Join(dir, c.Path)))
			_, err := s.Adopt(c)
			return err
		},
		"the file becomes a link after it was checked": func(t *testing.T, s *Store, home, dir string) error {
			t.Helper()
			c := candidateOf(dir, secret)
			h, err := check(c)
			must(t, err)
			defer h.close()
			must(t, os.Remove(filepath.Join(dir, c.Path)))
			must(t, os.Symlink(filepath.Join(home, "key"), filepath.Join(dir, c.Path)))
			return s.place(h.moveTo, s.newRecord(c.Name, c.MediaType, c.Size, c.SHA256, c.Source))
		},
	}
	for name, attack := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, home := openStore(t, t.TempDir()), t.TempDir()
			must(t, os.WriteFile(filepath.Join(home, "key"), []byte(secret), 0o600))
			dir, release, err := s.Stage("p", uuid.NewString())
			must(t, err)
			if err := attack(t, s, home, dir); err == nil {
				t.Error("there is no error")
			}
			release()
			if got, err := os.ReadFile(filepath.Join(home, "key")); err != nil || string(got) != secret {
				t.Errorf("the file elsewhere is %q, %v", got, err)
			}
			if all, err := s.List(); err != nil || len(all) != 0 {
				t.Errorf("stored %v, %v", all, err)
			}
		})
	}
}

// What a host does at its start must not wait for what a plugin has put in the place of a claim's mark.
func TestAPipeInThePlaceOfAMarkHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	dir, release, err := s.Stage("p", uuid.NewString())
	must(t, err)
	must(t, syscall.Mkfifo(dir+claimMark, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "part"), []byte("bytes"), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() {
		defer cancel()
		release()
	}()
	<-ctx.Done()
	kept := s.glob("partial/*")
	if ctx.Err() != context.Canceled || len(kept) != 1 || !strings.HasSuffix(kept[0], CleanName("")) {
		t.Errorf("%v, kept %v", ctx.Err(), kept)
	}
}

func replaceByLink(t *testing.T, dir, target string) {
	t.Helper()
	must(t, os.RemoveAll(dir))
	must(t, os.Symlink(target, dir))
}
