// Package accesstest has what tests of callers need: an OAuth issuer on loopback whose tokens they make. Start reading at
// [NewIssuer].
package accesstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer serves the metadata and the keys of an OAuth issuer.
type Issuer struct {
	URL     string
	Fetched atomic.Int64 // how often the keys were asked for
	Down    atomic.Bool  // answers 500 to everything

	mu   sync.Mutex
	keys map[string]*ecdsa.PrivateKey
}

// NewIssuer starts an issuer with the keys named.
func NewIssuer(t testing.TB, ids ...string) *Issuer {
	t.Helper()
	i := &Issuer{keys: map[string]*ecdsa.PrivateKey{}}
	for _, id := range ids {
		i.Add(t, id)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		i.answer(w, map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.Fetched.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		set := jose.JSONWebKeySet{}
		for id, key := range i.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: "ES256", Use: "sig"})
		}
		i.answer(w, set)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

func (i *Issuer) answer(w http.ResponseWriter, body any) {
	if i.Down.Load() {
		http.Error(w, "down", http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(body) // the test sees what is missing
}

// Add makes a key.
func (i *Issuer) Add(t testing.TB, id string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys[id] = key
}

// Remove forgets a key.
func (i *Issuer) Remove(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.keys, id)
}

// Key returns a key's public half.
func (i *Issuer) Key(id string) crypto.PublicKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[id].Public()
}

// Claims returns those of a good token for an audience, which changes override or, with nil, remove.
func (i *Issuer) Claims(audience string, changes map[string]any) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"iss": i.URL, "aud": audience, "sub": "alice", "scope": "mcp:tools", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	return claims
}

// Sign returns an access token that is signed with the key of the id.
func (i *Issuer) Sign(t testing.TB, id string, claims map[string]any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return i.SignText(t, id, map[jose.HeaderKey]any{"kid": id, "typ": "at+jwt"}, text)
}

// SignText signs anything with the key of the id.
func (i *Issuer) SignText(t testing.TB, id string, header map[jose.HeaderKey]any, text []byte) string {
	t.Helper()
	i.mu.Lock()
	key := i.keys[id]
	i.mu.Unlock()
	return Sign(t, jose.ES256, key, header, text)
}

// Sign returns a token of any kind.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any, text []byte) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(name, value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// File writes files into a new folder, each readable by its owner alone, and returns the path of the first. Names and texts
// take turns.
func File(t testing.TB, namesAndTexts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(namesAndTexts); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, namesAndTexts[i]), []byte(namesAndTexts[i+1]), 0o600); err != nil {
			t.Fatal(fmt.Errorf("writing a file of the test: %w", err))
		}
	}
	return filepath.Join(dir, namesAndTexts[0])
}
