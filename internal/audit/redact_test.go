package audit

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSecretName has what looks like the name of a secret, and what does not.
func TestSecretName(t *testing.T) {
	t.Parallel()
	secret := []string{
		"password", "Password", "db_password", "dbPassword", "DB_PASSWORD", "userPasswords", "secret", "clientSecret", "token", "x-auth-token",
		"XAuthToken", "tokens", "accesstoken", "key", "api_key", "apiKey", "APIKey", "apikey", "ak", "AK", "user_ak", "sk", "secretSK", "aksk",
		"credential", "credentials", "Authorization", "signature", "X-Amz-Signature", "key1", "PassWord", "privatekey", "sessionCookie",
	}
	plain := []string{
		"", "name", "keyword", "keywords", "monkey", "tokenizer", "secretary", "task", "risk", "make", "breakfast", "author", "design",
		"template_name", "instance_id", "bypass", "sorted", "jobs",
	}
	for _, name := range secret {
		if !secretName(name) {
			t.Errorf("%s is not taken for a secret", name)
		}
	}
	for _, name := range plain {
		if secretName(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

// TestRedaction has arguments as they come and as they stand in the log.
func TestRedaction(t *testing.T) {
	t.Parallel()
	const schema = `{"type":"object","properties":{"pin":{"type":"string","writeOnly":true},"code":{"$ref":"#/$defs/code"},
		"many":{"type":"array","items":{"format":"password"}},"map":{"additionalProperties":{"writeOnly":true}},
		"deep":{"properties":{"inner":{"anyOf":[{"type":"null"},{"format":"password"}]}}},"self":{"$ref":"#"}},
		"$defs":{"code":{"type":"string","format":"password"}}}`
	const known = "hunter2hunter2"
	tests := map[string]struct{ in, want string }{
		"nothing to hide":     {`{"job_type":"sync","limit":10,"wait":true,"x":null}`, `{"job_type":"sync","limit":10,"wait":true,"x":null}`},
		"a name":              {`{"db_password":"a","user":"b"}`, `{"db_password":"[redacted]","user":"b"}`},
		"a tree under a name": {`{"credentials":{"ak":"a","list":["b"]}}`, `{"credentials":"[redacted]"}`},
		"a null":              {`{"token":null}`, `{"token":null}`},
		"a number":            {`{"token":1234}`, `{"token":"[redacted]"}`},
		"in a list":           {`{"nodes":[{"secret":"a"},{"name":"b"}]}`, `{"nodes":[{"secret":"[redacted]"},{"name":"b"}]}`},
		"a pair":              {`{"vars":[{"name":"db_password","value":"a"},{"var_name":"x","var_value":"b"}]}`, `{"vars":[{"name":"db_password","value":"[redacted]"},{"var_name":"x","var_value":"b"}]}`},
		"writeOnly": {`{"pin":"1","Pin":"2","code":"3","many":["4"],"map":{"a":"5"},"deep":{"inner":"6"},"self":{"pin":"7"}}`,
			`{"Pin":"[redacted]","code":"[redacted]","deep":{"inner":"[redacted]"},"many":"[redacted]","map":"[redacted]","pin":"[redacted]","self":{"pin":"[redacted]"}}`},
		"a signed URL":             {`{"u":"see https://h/p?X-Signature=a&b=c now"}`, `{"u":"see https://h/p?[redacted] now"}`},
		"a query without a scheme": {`{"u":"/p?sig=a&b=c"}`, `{"u":"/p?[redacted]"}`},
		"a fragment":               {`{"u":"https://h/p#access=a"}`, `{"u":"https://h/p?[redacted]"}`},
		"user information":         {`{"u":"postgres://u:p@ss@h/db"}`, `{"u":"postgres://[redacted]@h/db"}`},
		"without a scheme":         {`{"u":"//u:p@h/db"}`, `{"u":"//[redacted]@h/db"}`},
		"a header":                 {`{"h":"Authorization: SDK-HMAC Access=a, Signature=b\nHost: h"}`, `{"h":"Authorization: [redacted]\nHost: h"}`},
		"a bearer":                 {`{"h":"use Bearer abc.def"}`, `{"h":"use Bearer [redacted]"}`},
		"an assignment":            {`{"t":"password = \"a b\"\nuser = c\nAPI_KEY=d e"}`, `{"t":"password = [redacted]\nuser = c\nAPI_KEY=[redacted] e"}`},
		"JSON in a text":           {`{"t":"{\"key\":[\"a\"],\"pin\":\"b\",\"c\":\"d\"}"}`, `{"t":"{\"key\":\"[redacted]\",\"pin\":\"[redacted]\",\"c\":\"d\"}"}`},
		"a private key":            {`{"t":"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- x"}`, `{"t":"[redacted] x"}`},
		"a known value":            {`{"t":"x ` + known + ` y","` + known + `":1}`, `{"[redacted]":1,"t":"x [redacted] y"}`},
		"no JSON":                  {`{"password":"a"`, `"[15 bytes that are not JSON]"`},
		"two values":               {`{} {"password":"a"}`, `"[19 bytes that are not JSON]"`},
		"control characters":       {`{"t":"a\u001b[31m\u2028\u202e\u0085\nb\ud83d\ude00\udb40\udc01"}`, `{"t":"a\u001b[31m\u2028\u202e\u0085\nb😀\udb40\udc01"}`},
		"not an object":            {`["https://u:p@h"]`, `["https://[redacted]@h"]`},
	}
	redact := strings.NewReplacer(known, redacted).Replace
	r := NewRedaction(json.RawMessage(schema))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := string((&cleaner{redact, maxSearched}).arguments(json.RawMessage(test.in), r, maxEntry))
			if name == "JSON in a text" { // its properties are sorted
				test.want = `{"t":"{\"c\":\"d\",\"key\":\"[redacted]\",\"pin\":\"[redacted]\"}"}`
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnreadableSchema hides everything, as does a schema that is secret as a whole.
func TestUnreadableSchema(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{`{`, `{"writeOnly":true}`, `{"properties":{"a":` + strings.Repeat(`{"items":`, 60) + `{}` + strings.Repeat(`}`, 60) + `}}`} {
		got := string((&cleaner{nil, maxSearched}).arguments(json.RawMessage(`{"a":"b"}`), NewRedaction(json.RawMessage(schema)), maxEntry))
		if got != `"[redacted]"` {
			t.Errorf("%.40s shows %s", schema, got)
		}
	}
}

// TestSizes has arguments and fields that are larger than their room.
func TestSizes(t *testing.T) {
	t.Parallel()
	many := `{"a":[` + strings.Repeat(`"x",`, 9000) + `"x"]}`
	long := strings.Repeat("\x00ü\"", 9000)
	encoded, err := json.Marshal(map[string]string{"a": long, "b": "short"})
	if err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string]string{
		"many values": many, "a long value": string(encoded), "too long": `{"a":"` + strings.Repeat("x", maxArguments) + `"}`,
		"a long number": `{"a":` + strings.Repeat("9", 9000) + `}`, "deep": strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"more than is searched": `{"a":[` + strings.Repeat(`"`+strings.Repeat("x ", 4000)+`",`, 20) + `1]}`,
		"many long values":      `{"a":[` + strings.Repeat(`"`+strings.Repeat("x", 900)+`",`, 50) + `1]}`,
	} {
		e := Entry{
			CallID: long, Caller: long, Profile: long, Transport: long, ClientName: strings.Repeat("x", 1<<20), ClientVersion: long, Tool: long, Plugin: long,
			PluginVersion: long, PluginDigest: long, Code: long, Source: long, Arguments: json.RawMessage(arguments), Duration: time.Hour,
		}
		for range 500 {
			e.Requests = append(e.Requests, long)
			e.Artifacts = append(e.Artifacts, Artifact{URI: long, SHA256: long, Size: 1 << 60})
		}
		line := e.line("end", nil)
		checkLine(t, line)
		var read map[string]any
		if err := json.Unmarshal(line, &read); err != nil || read["requests_left_out"] == nil || read["artifacts_left_out"] == nil {
			t.Errorf("%s: %v, %.200s", name, err, line)
		}
	}
	cut := string((&cleaner{nil, maxSearched}).arguments(encoded, Redaction{}, maxEntry))
	if len(cut) > maxValue+40 || !strings.Contains(cut, `…","b":"short"}`) {
		t.Errorf("cut to %d bytes: %s", len(cut), cut)
	}
}

func checkLine(t *testing.T, line []byte) {
	t.Helper()
	if len(line) > maxEntry || strings.Count(string(line), "\n") != 1 || line[len(line)-1] != '\n' || !json.Valid(line) {
		t.Errorf("%d bytes, no line of JSON: %.300q", len(line), line)
	}
}

// TestCutSecret has secrets where a long text is cut before it is searched.
func TestCutSecret(t *testing.T) {
	t.Parallel()
	padding := "?x=" + strings.Repeat("y", maxText-40)
	for _, s := range []string{padding + " https://u:secretsecretsecretsecretsecretsecret@h", padding + " password=secretsecretsecretsecretsecretsecretsecret",
		strings.Repeat("secret", maxText), `{"pin":"secret","x":"` + strings.Repeat("y ", maxText) + `"}`} {
		raw, err := json.Marshal(map[string]string{"a": s})
		if err != nil {
			t.Fatal(err)
		}
		got := string((&cleaner{nil, maxSearched}).arguments(raw, NewRedaction(json.RawMessage(`{"properties":{"pin":{"writeOnly":true}}}`)), maxEntry))
		if strings.Contains(got, "secret") {
			t.Errorf("%s shows %s", s[:40], got)
		}
	}
}

// BenchmarkLongArguments has arguments as long and as slow as they can be.
func BenchmarkLongArguments(b *testing.B) {
	raw, err := json.Marshal(map[string]any{"a": strings.Split(strings.Repeat("https://u:p"+strings.Repeat("https://u:p", 700)+"\n", 30), "\n")})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Entry{Arguments: raw}.line("end", nil)
	}
}

// FuzzRedaction plants a secret beside arbitrary arguments and within arbitrary texts.
func FuzzRedaction(f *testing.F) {
	const secret = "Zx9plantedQq7"
	f.Add([]byte(`{"a":["b",1,null]}`), "text ", " more")
	f.Add([]byte(`{"password":{"a":1}}`), `https://h/p?x="`, "@h#")
	f.Add([]byte(`[[[]]]`), `-----BEGIN PRIVATE KEY-----`, `password="`)
	redaction := NewRedaction(json.RawMessage(`{"properties":{"pin":{"writeOnly":true}}}`))
	f.Fuzz(func(t *testing.T, arguments []byte, before, after string) {
		var tree any = "none"
		if read, err := decode(arguments); err == nil {
			tree = read
		}
		known := strings.NewReplacer(secret, redacted).Replace
		for n, planted := range []map[string]any{
			{"db_password": secret}, {"apiKeys": []any{tree, secret, before}}, {"pin": map[string]any{"x": secret}},
			{"x": []any{map[string]any{"name": "token", "value": before + secret}}},
			{"url": before + " https://h/p?sig=" + secret + " " + after}, {"url": before + " https://u:" + secret + "@h/" + after},
			{"json": `{"pin":"` + secret + `"}`},
			{"known": before + secret + after, secret + after: 1},
		} {
			planted["tree"] = tree
			raw, err := json.Marshal(planted)
			if err != nil {
				t.Skip()
			}
			e := Entry{Tool: before, Caller: after, Arguments: raw, Redaction: redaction, Requests: []string{before, after}, Code: after}
			redact := func(s string) string { return s }
			if _, hidden := planted["known"]; hidden {
				redact = known
			}
			line := e.line("end", redact)
			checkLine(t, line)
			if strings.Contains(string(line), secret) && !strings.Contains(string(arguments)+before+after, secret) {
				t.Errorf("the secret of case %d is in %s", n, line)
			}
		}
		checkLine(t, Entry{Arguments: arguments}.line("begin", nil))
		NewRedaction(arguments)
	})
}
