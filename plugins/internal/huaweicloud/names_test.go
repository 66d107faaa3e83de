package huaweicloud

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFileNames(t *testing.T) {
	t.Parallel()
	latin1 := func(s string) string { // UTF-8 taken for Latin-1 and written as UTF-8 again
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		return b.String()
	}
	for header, want := range map[string]string{
		`attachment; filename="report.xlsx"`:                                          "report.xlsx",
		`attachment; filename=report.xlsx`:                                            "report.xlsx",
		`attachment;filename=a b.zip; size=3`:                                         "a b.zip",
		`attachment; filename="模板.xlsx"`:                                              "模板.xlsx",
		`attachment; filename=模板.xlsx`:                                                "模板.xlsx",
		`attachment; filename="` + latin1("模板.xlsx") + `"`:                            "模板.xlsx",
		`attachment; filename=%E6%A8%A1%E6%9D%BF.xlsx`:                                "模板.xlsx",
		`attachment; filename="plain.xlsx"; filename*=UTF-8''%E6%A8%A1%E6%9D%BF.xlsx`: "模板.xlsx",
		`attachment; filename*=utf-8'zh'%E6%A8%A1.zip; filename=x.zip`:                "模.zip",
		`attachment; filename*=GBK''%C4%A3; filename=x.zip`:                           "x.zip",
		`attachment; filename="=?UTF-8?B?5qih5p2/Lnhsc3g=?="`:                         "模板.xlsx",
		`attachment; filename="../../etc/passwd"`:                                     "passwd",
		`attachment; filename="C:\Users\me\a.zip"`:                                    "a.zip",
		`attachment; filename="a\"b.zip"`:                                             "a_b.zip",
		"attachment; filename=\"a\u202e\x01b.zip\"":                                   "ab.zip",
		`attachment; filename="CON.zip"`:                                              "_CON.zip",
		`attachment; filename="100%.zip"`:                                             "100%.zip",
		`attachment; filename="a<b>:c|d?.zip. "`:                                      "a_b__c_d_.zip",
		"attachment; filename=\"\xb0\xe5.zip\"":                                       "_.zip",
		`attachment; filename=".."`:                                                   "fallback",
		`attachment; filename=""`:                                                     "fallback",
		`attachment`:                                                                  "fallback",
		``:                                                                            "fallback",
	} {
		got := fileName(header, Download{Name: "fallback", NameFromHeader: true})
		if got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
	long := fileName("", Download{Name: strings.Repeat("模", 300) + ".xlsx"})
	if len(long) > 200 || !strings.HasSuffix(long, "模.xlsx") {
		t.Errorf("got %d bytes ending %q", len(long), long[len(long)-10:])
	}
	if got := fileName(`filename="a.zip"`, Download{Name: "own.zip"}); got != "own.zip" {
		t.Errorf("the header's name was taken unasked: %s", got)
	}
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"a": ".zip", "a.zip": ".zip", "a-V1.2": ".zip", "a.tar": ".tar", ".hidden": ".zip", "a.x y": ".zip"} {
		if got := withExtension(name, KindZIP, nil); !strings.HasSuffix(got, want) {
			t.Errorf("%s becomes %s", name, got)
		}
	}
}

func TestCheckID(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"2e69ebb1-f06d-4eb2-a789-2883629jb204", "模板_1", "V1", "a.b", strings.Repeat("x", 64)} {
		if err := CheckID("id", good, 64); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"": "is empty", "a/b": `a "/"`, `a\b`: `a "\"`, "..": "no id", ".": "no id", "a b": "a space", "a\n": "a space", "a\x00": "a control character",
		"a\u202eb": "a control character", "\xff": "not valid UTF-8", strings.Repeat("x", 65): "has 65 characters", strings.Repeat("y", 10<<20): "at most 64",
	} {
		err := CheckID("id", bad, 64)
		e := problemOf(t, err)
		mention(t, e, `argument "id"`, want)
		if len(e.Message) > 300 {
			t.Errorf("the message has %d bytes", len(e.Message))
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	got := clean("a\n\tb \x00\u200b see https://h/p?X-Amz-Signature=s&b=c, \xffand http://h?q", 100)
	if diff := cmp.Diff("a b see https://h/p?… \uFFFDand http://h?…", got); diff != "" {
		t.Error(diff)
	}
	if got := clean(strings.Repeat("模", 1<<20), 3); got != "模模模…" {
		t.Errorf("got %q", got)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		err := Poll(t.Context(), time.Second, 3*time.Second, func(context.Context) (bool, error) {
			at = append(at, time.Since(start))
			return len(at) == 6, nil
		})
		want := []time.Duration{0, 1000, 2500, 4750, 7750, 10750}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if diff := cmp.Diff(want, at); err != nil || diff != "" {
			t.Error(err, diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := Poll(ctx, time.Hour, time.Hour, func(context.Context) (bool, error) { return false, nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		broken := errors.New("broken")
		if err := Poll(t.Context(), 1, 1, func(context.Context) (bool, error) { return false, broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}
