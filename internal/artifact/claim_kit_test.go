package artifact

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mcp-server/sdk"
)

const wayOn = "make a new one"

func archiveSource() sdk.Origin {
	return sdk.Origin{Operation: "DownloadAssetArchive", IDs: map[string]string{"project_id": "p", "instance_id": "i", "archive_id": "a"}}
}

// zipOf is an archive of one file.
func zipOf(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("file.txt")
	must(t, err)
	_, err = f.Write([]byte(content))
	must(t, errors.Join(err, w.Close()))
	return b.String()
}

// attempt is a call that is after the archive.
type attempt struct {
	call, dir string
	claim     *Claim
	err       error
}

func ask(t *testing.T, s *Store, again bool) attempt {
	t.Helper()
	a := attempt{call: uuid.NewString()}
	dir, _, err := s.Stage("p", a.call) // the folder stays, as after a kill
	must(t, err)
	a.dir = dir
	a.claim, a.err = s.Claim(t.Context(), ClaimRequest{
		Call: a.call, StagingDir: dir, Source: archiveSource(), Name: "a.zip", MediaType: "application/zip", WayOn: wayOn, Again: again,
	})
	return a
}

// granted fails the test unless a request may be sent.
func granted(t *testing.T, s *Store, again bool) attempt {
	t.Helper()
	a := ask(t, s, again)
	if a.err != nil || a.claim.Stored != nil {
		t.Fatalf("not granted: %+v, %v", a.claim, a.err)
	}
	return a
}

// receive plays a plugin that has received some bytes.
func (a attempt) receive(t *testing.T, content string, length int) {
	t.Helper()
	must(t, a.claim.Receiving("a.zip", archiveSource(), int64(length)))
	must(t, os.WriteFile(filepath.Join(a.dir, "part"), []byte(content), 0o600))
}

func (a attempt) store(t *testing.T, content string) Record {
	t.Helper()
	r, err := a.claim.Store(candidateOf(a.dir, content))
	must(t, err)
	a.claim.Close()
	return r
}

func refused(t *testing.T, a attempt, texts ...string) {
	t.Helper()
	e, ok := errors.AsType[*sdk.Error](a.err)
	if !ok {
		t.Fatalf("answered with %+v, %v", a.claim, a.err)
	}
	for _, text := range texts {
		if !strings.Contains(e.Message, text) {
			t.Errorf("the refusal lacks %q: %s", text, e.Message)
		}
	}
}

func stored(t *testing.T, a attempt, content string) {
	t.Helper()
	if a.err != nil || a.claim.Stored == nil {
		t.Fatalf("answered with %+v, %v", a.claim, a.err)
	}
	if got, err := os.ReadFile(a.claim.Stored.Path); err != nil || string(got) != content {
		t.Errorf("stored %d bytes, want %d, %v", len(got), len(content), err)
	}
}

// die ends a host the way a kill does: its locks go, its files stay.
func die(t *testing.T, s *Store, a attempt) {
	t.Helper()
	if a.claim != nil {
		a.claim.Close()
	}
	dead := filepath.Join(s.dir, "staging", "host-1-dead")
	calls := filepath.Join(dead, filepath.Base(filepath.Dir(a.dir)))
	must(t, os.MkdirAll(calls, 0o700))
	must(t, os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600))
	must(t, os.Rename(a.dir, filepath.Join(calls, filepath.Base(a.dir))))
	must(t, os.Rename(a.dir+claimMark, filepath.Join(calls, filepath.Base(a.dir)+claimMark)))
}

func (a attempt) metadata(t *testing.T, content string) {
	t.Helper()
	c := candidateOf(a.dir, content)
	r := a.claim.store.newRecord(c.Name, c.MediaType, c.Size, c.SHA256, c.Source)
	r.Claim = a.claim.key
	must(t, a.claim.store.writeMetadata(r))
}

func (a attempt) storeUnjournaled(t *testing.T, content string) {
	t.Helper()
	_, err := a.claim.store.adopt(candidateOf(a.dir, content), a.claim.key)
	must(t, err)
}
