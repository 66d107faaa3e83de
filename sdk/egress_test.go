package sdk

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEgress(t *testing.T) {
	t.Parallel()
	answer := func(address, kind string) http.Response {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		all := http.Header{}
		all.Set(EgressHeader, kind)
		return http.Response{Request: r, Status: "502 Bad Gateway", Header: all}
	}
	door, err := NewEgress(func(string) string { return "http://plugin:secret@127.0.0.1:1" })
	if err != nil || !door.Present() {
		t.Fatal(err)
	}
	local := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:2/", http.NoBody)
	if u, err := door.Proxy(local); err != nil || u.Host != "127.0.0.1:1" {
		t.Errorf("a request to this machine goes through %v, %v", u, err)
	}
	for _, test := range []struct {
		egress  Egress
		address string
		kind    string
		want    bool
	}{
		{door, "http://a/", "broken", true}, {door, "http://a/", "", false}, {door, "https://a/", "broken", false}, {Egress{}, "http://a/", "broken", false},
	} {
		got := answer(test.address, test.kind)
		err := test.egress.Failure(&got)
		failure, ok := errors.AsType[*EgressError](err)
		if ok != test.want || ok && (!failure.Sent() || failure.Reason != "502 Bad Gateway") {
			t.Errorf("%+v: got %v", test, err)
		}
	}
	refused := answer("https://a/", "undeclared")
	refused.Header.Set(EgressReasonHeader, "not declared")
	failure, ok := errors.AsType[*EgressError](door.Connected(t.Context(), nil, nil, &refused))
	if !ok || failure.Sent() || !failure.Kind.Forbidden() || failure.Error() != "not declared" {
		t.Errorf("got %+v", failure)
	}
	if err := (Egress{}).Connected(t.Context(), nil, nil, &refused); err != nil {
		t.Errorf("without a host: %v", err)
	}
	for _, value := range []string{"ftp://secret", "http://", "http://secret%zz@a:1", "secret"} {
		if _, err := NewEgress(func(string) string { return value }); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", value, err)
		}
	}
	if u, err := Proxy(local); err != nil || u != nil {
		t.Errorf("without a host a request to this machine goes through %v, %v", u, err)
	}
}
