package web

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzBearer feeds the reader of Authorization headers: what it takes for a token is a part of one header, and could be
// sent again.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"Bearer abc", "bearer  abc", "Basic x", "Bearer a,b", "Bearer \x00", "Bearer a.b.c==", ""} {
		f.Add(seed, "")
	}
	f.Add("Bearer a", "Bearer a")
	f.Fuzz(func(t *testing.T, one, two string) {
		h := http.Header{"Authorization": {one}}
		if two != "" {
			h.Add("Authorization", two)
		}
		token, err := bearer(h)
		switch {
		case err != nil && token != "":
			t.Errorf("an error and the token %q", token)
		case err == nil && (two != "" || token == "" || strings.ContainsAny(token, " ,\"\r\n\x00") || !strings.HasSuffix(one, " "+token)):
			t.Errorf("the token of %q and %q is %q", one, two, token)
		}
		if err != nil && len(one) > 20 && strings.Contains(err.Error(), one) {
			t.Errorf("the error shows the header: %v", err)
		}
	})
}

// FuzzOrigin feeds the checks of Host and Origin: no text makes a stranger's page the server's own.
func FuzzOrigin(f *testing.F) {
	f.Add("http://evil.example", "localhost:1")
	f.Add("http://localhost@evil.example", "localhost@evil.example")
	f.Add("http://[::1]:1", "[::1]:1")
	f.Add("http://127.0.0.1#evil", "127.0.0.1#evil")
	p := places{loopback: true}
	f.Fuzz(func(t *testing.T, from, host string) {
		if !p.hostKnown(host) || !p.own(from, host) {
			return
		}
		name := strings.ToLower(strings.TrimPrefix(strings.ToLower(from), "http://"))
		if !strings.HasPrefix(name, "localhost") && !strings.HasPrefix(name, "127.") && !strings.HasPrefix(name, "[") || strings.Contains(name, "evil") {
			t.Errorf("%q is a page of %q", from, host)
		}
	})
}

// FuzzWeigh feeds the reader of bodies: everything weighs something.
func FuzzWeigh(f *testing.F) {
	for _, seed := range []string{call, "[" + call + "]", "{}", "[]", "[[]]", "", "null", `{"method":7}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := weigh(body)
		if w.calls < 0 || w.control < 0 || w.calls+w.control+w.listens < 1 {
			t.Errorf("%q weighs %+v", body, w)
		}
	})
}

const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`
