package pluginfolder

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// binary writes an executable file and returns it as Discover would.
func binary(t testing.TB, path, content string) Binary {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return at(t, path)
}

func at(t testing.TB, path string) Binary {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return Binary{Name: filepath.Base(path), Path: path, Identity: identityOf(info)}
}

// later is a clock by which files written now are of age.
func later() time.Time { return time.Now().Add(time.Hour) }

func agedCache(dir string) *Cache {
	c := OpenCache(dir)
	c.now = later
	return c
}

var sample = Entry{
	SHA256: strings.Repeat("a", 64), Manifest: []byte("{ \"name\":\t\"<x>&\\u003c\",\n\"n\": 1.0}\n"),
	Verdict: []byte(`["no"]`), VerdictBy: "rules 3",
}

func TestCacheKeepsBytes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "cache")
	b := binary(t, filepath.Join(t.TempDir(), "tool"), "one")
	for _, want := range []Entry{sample, {Manifest: []byte("{}")}, {SHA256: "other", Manifest: []byte(strings.Repeat("x", 1<<20))}} {
		agedCache(dir).Put(b, want)
		got, ok := OpenCache(dir).Get(b)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%v (-want +got):\n%s", ok, diff)
		}
	}
	listed, err := os.ReadDir(dir)
	if err != nil || len(listed) != 1 {
		t.Errorf("the folder holds %v, %v; want one entry", listed, err)
	}
}

func TestCacheIsAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, b := agedCache(filepath.Join(dir, "cache")), binary(t, filepath.Join(dir, "tool"), "one")
	c.Put(b, sample)
	other := b
	other.Name = "alias"
	later := b
	later.Identity.Changed++
	none := b
	none.Identity = Identity{}
	c.Put(none, sample)
	for name, get := range map[string]func() (Entry, bool){
		"another name":     func() (Entry, bool) { return c.Get(other) },
		"another identity": func() (Entry, bool) { return c.Get(later) },
		"no identity":      func() (Entry, bool) { return c.Get(none) },
		"no folder":        func() (Entry, bool) { OpenCache("").Put(b, sample); return OpenCache("").Get(b) },
		"another folder":   func() (Entry, bool) { return OpenCache(dir).Get(b) },
	} {
		if e, ok := get(); ok {
			t.Errorf("%s gives %v", name, e)
		}
	}
	if _, ok := c.Get(b); !ok {
		t.Error("the entry itself is gone")
	}
}

func TestCacheDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, b := agedCache(filepath.Join(dir, "cache")), binary(t, filepath.Join(dir, "tool"), "one")
	c.Put(b, sample)
	file := c.file(b)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := func(what string, content []byte) {
		t.Helper()
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if e, ok := c.Get(b); ok {
			t.Errorf("%s gives %v", what, e)
		}
	}
	for i := range whole {
		damaged(fmt.Sprintf("%d bytes of %d", i, len(whole)), whole[:i])
		flipped := append([]byte(nil), whole...)
		flipped[i] ^= 1
		damaged(fmt.Sprintf("another byte %d", i), flipped)
	}
	damaged("a longer one", append(whole[:len(whole):len(whole)], 'x'))
	damaged("an older format", []byte(strings.Replace(string(whole), "cache 2 ", "cache 1 ", 1)))
	c.Put(b, sample)
	if _, ok := c.Get(b); !ok {
		t.Error("a damaged entry was not replaced")
	}
}

func TestCacheRacy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := binary(t, filepath.Join(dir, "tool"), "one")
	p, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	digest, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	c := OpenCache(filepath.Join(dir, "cache"))
	c.now = func() time.Time { return time.Unix(0, b.Identity.Changed+int64(time.Second)) }
	c.Put(b, Entry{SHA256: strings.Repeat("0", 64), Manifest: []byte("{}")})
	if e, ok := c.Get(b); ok {
		t.Errorf("an entry of another content with the same times gives %v", e)
	}
	c.Put(b, Entry{SHA256: digest, Manifest: []byte("{}")})
	for _, aged := range []bool{false, true} {
		if aged {
			c.now = later
		}
		if _, ok := c.Get(b); !ok {
			t.Error("an entry of the same content is absent")
		}
		if r := readRecord(c.file(b)); r == nil || r.racy() == aged {
			t.Errorf("looked at when of age %v, the entry is %+v", aged, r)
		}
	}
}

func TestCachePrunes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	first := agedCache(cache)
	kept, gone, fresh := binary(t, filepath.Join(dir, "kept"), ""), binary(t, filepath.Join(dir, "gone"), ""), binary(t, filepath.Join(dir, "fresh"), "")
	for _, b := range []Binary{kept, gone, fresh} {
		first.Put(b, sample)
	}
	old := time.Now().Add(-2 * goneFor)
	left, foreign := filepath.Join(cache, ".x.1"+tempSuffix), filepath.Join(cache, "notes.txt")
	for _, path := range []string{left, foreign} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{left, foreign, first.file(kept), first.file(gone)} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range []Binary{gone, fresh} {
		if err := os.Remove(b.Path); err != nil {
			t.Fatal(err)
		}
	}
	OpenCache(cache).Put(at(t, kept.Path), sample)
	for path, want := range map[string]bool{left: false, foreign: true, first.file(kept): true, first.file(gone): false, first.file(fresh): true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v, want there %v", path, err, want)
		}
	}
}

func TestCacheBound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := agedCache(dir)
	for i := range maxEntries + 20 {
		path := filepath.Join(dir, fmt.Sprint(i)+entrySuffix)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.removeOld()
	if listed, err := os.ReadDir(dir); err != nil || len(listed) != maxEntries {
		t.Errorf("%d entries, %v", len(listed), err)
	}
}

// cacheHostEnv names the folder in which the test binary, run again, plays a host.
const cacheHostEnv = "PLUGINFOLDER_TEST_HOST"

// TestCacheManyHosts has processes write and read one entry: a reader sees one of those written, or none, never a mixture.
func TestCacheManyHosts(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(cacheHostEnv); dir != "" {
		playHosts(t, dir)
		return
	}
	dir := t.TempDir()
	b := binary(t, filepath.Join(dir, "tool"), "one")
	var hosts sync.WaitGroup
	for range 4 {
		hosts.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCacheManyHosts$")
			cmd.Env = append(os.Environ(), cacheHostEnv+"="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	hosts.Wait()
	if _, ok := OpenCache(filepath.Join(dir, "cache")).Get(b); !ok {
		t.Error("nothing is left")
	}
}

func playHosts(t *testing.T, dir string) {
	b := at(t, filepath.Join(dir, "tool"))
	var hosts sync.WaitGroup
	for host := range 4 {
		hosts.Go(func() {
			c, digit := agedCache(filepath.Join(dir, "cache")), fmt.Sprint(host)
			mine := Entry{SHA256: strings.Repeat(digit, 64), Manifest: []byte(strings.Repeat(digit, 1000+host*10000))}
			for range 50 {
				c.Put(b, mine)
				got, ok := c.Get(b)
				if ok && (len(got.Manifest) < 1000 || strings.Trim(string(got.Manifest), got.SHA256[:1]) != "") {
					t.Errorf("an entry is mixed: %.100s", got.Manifest)
				}
			}
		})
	}
	hosts.Wait()
}

func FuzzDecodeRecord(f *testing.F) {
	r := newRecord(Binary{Name: "n", Path: "/p"}, sample, later())
	content, err := r.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		decodeRecord(content)
		_, body, _ := strings.Cut(string(content), "\n") // behind the checksum
		r := decodeRecord(fmt.Appendf(nil, "%s %08x\n%s", entryMark, checksum([]byte(body)), body))
		if r == nil {
			return
		}
		again, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back := decodeRecord(again); back == nil || !cmp.Equal(r.entry(), back.entry()) || !back.of(Binary{Name: r.Name, Path: r.Path, Identity: r.Identity}) {
			t.Errorf("%q is another after encoding", content)
		}
	})
}

func BenchmarkCacheGet50(b *testing.B) {
	dir := b.TempDir()
	c := agedCache(filepath.Join(dir, "cache"))
	var all []Binary
	for i := range 50 {
		one := binary(b, filepath.Join(dir, fmt.Sprint("tool", i)), "one")
		c.Put(one, Entry{SHA256: sample.SHA256, Manifest: []byte(`{"x":"` + strings.Repeat("y", 10<<10) + `"}`)})
		all = append(all, one)
	}
	for b.Loop() {
		for _, one := range all {
			if _, ok := c.Get(one); !ok {
				b.Fatal("absent")
			}
		}
	}
}
