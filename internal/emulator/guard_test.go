package emulator

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The date is part of what is signed in any case; the guide demands that it is a signed header as well.
func TestDateMustBeASignedHeader(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 7, 3, 9, 0, 0, 0, time.UTC)
	keys := defaultCredentials()
	for signed, want := range map[string]string{"host;x-sdk-date": "", "host": badSign} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v5/p/templates", nil)
		r.Header.Set(headerDate, now.Format(dateFormat))
		auth := authorization{signed: strings.Split(signed, ";")}
		signature, err := auth.sign(keys.SK, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+keys.AK+", SignedHeaders="+signed+", Signature="+signature)
		_, err = newGuard(keys, now).check(&call{Request: r, now: now})
		if got := err == nil; got != (want == "") || !got && !strings.Contains(err.Error(), want) {
			t.Errorf("signed %s: %v, want %q", signed, err, want)
		}
	}
}
