package artifact

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcp-server/sdk"
)

func named(id, name string) Record {
	return Record{Artifact: sdk.Artifact{URI: uriOf(id, name), Name: name, SHA256: id + id, Path: filepath.Join("/store", id, name)}}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("ab", 16), strings.Repeat("ab", 15)+"ac"
	all := []Record{named(a, "a.zip"), named(b, "b.zip"), named(b, "模板 1.xlsx"), named(b, "100% + a.txt")}
	for text, want := range map[string]string{
		"artifact://" + a + "/a.zip": "a.zip", "artifact://" + a: "a.zip", a: "a.zip", strings.ToUpper(a): "a.zip", a + "/a.zip": "a.zip",
		b + "/b.zip": "b.zip", "artifact://" + b + "/%E6%A8%A1%E6%9D%BF%201.xlsx": "模板 1.xlsx", b + "/模板 1.xlsx": "模板 1.xlsx", "ababab/b.zip": "b.zip",
		"a.zip": "a.zip", "模板 1.xlsx": "模板 1.xlsx", "/store/" + b + "/b.zip": "b.zip", "/store/x/../" + b + "/b.zip": "b.zip",
		"100% + a.txt": "100% + a.txt", "ababab/100% + a.txt": "100% + a.txt", "ababab/100%25%20+%20a.txt": "100% + a.txt",
	} {
		if got, err := choose(all, text, "list"); err != nil || got.Name != want {
			t.Errorf("%s chose %s, %v", text, got.URI, err)
		}
	}
	for text, want := range map[string]string{
		"ababa": "first 6", "": "list shows", "artifact://": "first 6", "../../x": "first 6", a + "00": "first 6", "A.zip": "no artifact", "/store": "no artifact",
		"ababab": "any of 4", b: "any of 3", "cdcdcd": "there is no artifact", a + "/b.zip": "there is no artifact", "gggggg": "no artifact",
		"/a.zip": "no artifact", "artifact:///a.zip": "no artifact", strings.Repeat("x", 3000): "…",
	} {
		got, err := choose(all, text, "list")
		e := sdk.AsError(err)
		if err == nil || !strings.Contains(e.Message, want) || e.Source != sdk.SourceArgument || len(e.Message) > 1000 {
			t.Errorf("%q chose %q, %v", text, got.URI, err)
		}
	}
	if _, err := choose(append(all, named(a, "b.zip")), "b.zip", "list"); err == nil || !strings.Contains(err.Error(), uriOf(b, "b.zip")) {
		t.Errorf("two files of a name: %v", err)
	}
}

func TestNormalURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"artifact://AB/模板 1.xlsx": "artifact://ab/%E6%A8%A1%E6%9D%BF%201.xlsx", "artifact://ab/%e6%a8%a1": "artifact://ab/%E6%A8%A1",
		"artifact://ab/a+b=c&d@e$.txt": uriOf("ab", "a+b=c&d@e$.txt"), "artifact://ab/100%.txt": "artifact://ab/100%25.txt",
		"artifact://ab/../c": "artifact://ab/..%2Fc", "artifact://ab": "artifact://ab", "a.zip": "a.zip", "": "",
	} {
		if got := NormalURI(uri); got != want {
			t.Errorf("%s became %s, want %s", uri, got, want)
		}
	}
}

func TestResolveSaysWhatIsDamaged(t *testing.T) {
	t.Parallel()
	store := openStore(t, t.TempDir())
	r := adopt(t, store, "a.txt", "x")
	if got, err := store.Resolve(" "+r.URI+"\n", "list"); err != nil || got.URI != r.URI {
		t.Errorf("resolved to %s, %v", got.URI, err)
	}
	if err := os.WriteFile(metadataPath(r.Path), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Resolve(r.URI, "list"); err == nil || sdk.AsError(err).Code != sdk.CodeDataLoss {
		t.Errorf("damaged metadata: %v", err)
	}
}
