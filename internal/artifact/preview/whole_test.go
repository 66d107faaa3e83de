package preview

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"mcp-server/sdk"
)

func TestWhole(t *testing.T) {
	t.Parallel()
	r := reader(t, "child-serve")
	small := zipOf(t, member{name: "a/"}, member{name: "a/b", body: strings.Repeat("hello", 100)}, member{name: "empty"}, member{name: "c", body: "content", stored: true})
	commented := append(bytes.Clone(small), "comment"...)
	commented[len(small)-2] = 7
	withoutSum := bytes.Clone(zipOf(t, member{name: "a", body: "hello", stored: true}))
	at := bytes.Index(withoutSum, []byte("PK\x01\x02"))
	copy(withoutSum[at+16:], "\x00\x00\x00\x00")
	withoutSum[at+8] &^= 8 // no data descriptor, so that archive/zip compares nothing
	for name, c := range map[string]struct {
		content []byte
		code    sdk.Code
		said    string
	}{
		"whole":         {small, "", ""},
		"empty":         {zipOf(t), "", ""},
		"with comment":  {commented, "", ""},
		"cut comment":   {commented[:len(commented)-1], sdk.CodeDataLoss, "probably cut off"},
		"nothing":       {nil, sdk.CodeDataLoss, "not a zip"},
		"text":          {[]byte("hello"), sdk.CodeDataLoss, "not a zip"},
		"encrypted":     {encrypted(small), sdk.CodeFailedPrecondition, "encrypted"},
		"overlapping":   {overlapping(t), sdk.CodeDataLoss, "overlap"},
		"prefix":        {append([]byte("PK\x03\x04"), small...), sdk.CodeDataLoss, "does not describe all of the file"},
		"no checksum":   {withoutSum, sdk.CodeDataLoss, "checksum is wrong"},
		"wrong content": {bytes.Replace(small, []byte("content"), []byte("kontent"), 1), sdk.CodeDataLoss, "damaged"},
	} {
		err := r.Whole(t.Context(), stored(t, c.content))
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { wantCode(t, err, c.code, c.said) })
	}
	wantEmpty(t, r.TempDir)
}

// TestNoCutFileIsWhole cuts an archive everywhere. It has zips stored in it, whose directories look like its own.
func TestNoCutFileIsWhole(t *testing.T) {
	t.Parallel()
	inner := zipOf(t, member{name: "deep.txt", body: "deep"})
	inner64 := huge(t, inner, 1, uint64(bytes.LastIndex(inner, []byte("PK\x05\x06"))-bytes.Index(inner, []byte("PK\x01\x02"))))
	content := zipOf(t, member{name: "first.zip", body: string(inner), stored: true}, member{name: "second.zip", body: string(inner64), stored: true},
		member{name: "bare.zip", body: string(zipOf(t)), stored: true}, member{name: "text", body: strings.Repeat(chinese, 20)})
	for cut := range content {
		if err := wholeBytes(content[:cut]); err == nil || sdk.AsError(err).Code != sdk.CodeDataLoss {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	must(t, wholeBytes(content))
}

func TestWholeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	wantCode(t, reader(t, "child-serve").Whole(ctx, stored(t, bomb(t))), sdk.CodeDeadlineExceeded)
}
