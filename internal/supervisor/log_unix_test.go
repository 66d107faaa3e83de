//go:build unix

package supervisor

import (
	"strings"
	"testing"
)

func TestLogLines(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{LookupEnv: env(map[string]string{"KITCHEN_SECRET": "hunter22", "KITCHEN_PLAIN": "visible value"})})
	p := k.start("kitchen")
	for _, line := range []string{
		`{"time":"x","level":"WARN","msg":"slog hunter22","region":"cn-north-4","n":12345678901234567890}`,
		`{"@level":"error","@message":"hclog","@module":"m","list":["a","hunter22"]}`,
		`plain visible value`,
		`{"level":"ERROR","msg":"a query","err":"Get \"https://obs.example/b/k?AccessKeyId=AK&Signature=S\": EOF"}`,
		"control \x1b[2J\x07 \u202e here",
	} {
		mustCall[text](t, p, "say", text{line})
	}
	p.Stop(t.Context())
	for _, want := range []string{
		`"level":"WARN","msg":"slog [redacted]","plugin":"kitchen","output":{"n":"12345678901234567890","region":"cn-north-4"}}`,
		`"level":"ERROR","msg":"hclog","plugin":"kitchen","output":{"module":"m","list":"[\"a\",\"[redacted]\"]"}}`,
		`"level":"INFO","msg":"plain visible value"`,
		`"msg":"printed plain visible value","plugin":"kitchen","output":{"stream":"stdout"}}`,
		`Get \"https://obs.example/b/k?[redacted]\": EOF`,
		`control \\x1b[2J\\x07 \\u202e here`,
	} {
		if !strings.Contains(k.log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(k.log.String(), "hunter22") || strings.Contains(k.log.String(), "Signature=S") {
		t.Error("a secret is in the log")
	}
	k.log.wantTidyLog(t)
}

func TestFloodIsCutAndCounted(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{})
	p := k.start("kitchen")
	mustCall[text](t, p, "flood", number{50_000})
	p.Stop(t.Context())
	k.log.await(t, "lines were dropped")
	if n := strings.Count(k.log.String(), `"msg":"flood`); n < 100 || n > 10_000 {
		t.Errorf("%d of 50000 lines were logged", n)
	}
}

// TestLongSecret has a line cut in the middle of a secret.
func TestLongSecret(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("s3cr3t-", 20_000)
	k := newKit(t, Config{LookupEnv: env(map[string]string{"KITCHEN_SECRET": secret})})
	p := k.start("kitchen")
	mustCall[text](t, p, "say", text{"the token is " + secret})
	p.Stop(t.Context())
	k.log.await(t, "the token is [redacted]")
	if strings.Contains(k.log.String(), "s3cr3t-") {
		t.Error("a part of a secret is in the log")
	}
}
