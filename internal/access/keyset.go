package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	fetchTimeout = 5 * time.Second
	refetchAfter = time.Minute      // for a key that is not known
	retryAfter   = 5 * time.Second  // after a fetch that failed
	freshFor     = 15 * time.Minute // after which a key that the issuer withdrew is noticed
	trustedFor   = 24 * time.Hour   // while the issuer cannot be reached
	mostKeys     = 100
)

// keySet holds the public keys of an issuer (RFC 7517). It fetches them when they are needed, never more than once a minute
// for a key that the issuer does not have.
type keySet struct {
	issuer string
	given  string // jwks_url of the file; empty when the issuer's metadata says it
	client *http.Client
	turn   chan struct{} // holds one value while nobody fetches

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	good    time.Time // when a fetch succeeded last
	tried   time.Time // when one ended last
	problem error     // of the last fetch
}

func newKeySet(issuer, url string, client *http.Client) *keySet {
	s := &keySet{issuer: issuer, given: url, client: client, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// find returns the keys with which a token may be signed.
func (s *keySet) find(ctx context.Context, id, algorithm string) ([]jose.JSONWebKey, error) {
	found, due := s.known(id, algorithm)
	if !due {
		return found, s.missing(found)
	}
	if len(found) > 0 { // good enough while somebody else fetches
		select {
		case <-s.turn:
		default:
			return found, nil
		}
	} else {
		select {
		case <-s.turn:
		case <-ctx.Done():
			return nil, &Refusal{Kind: Unavailable, Reason: "the request ended before the issuer's keys were there", cause: ctx.Err()}
		}
	}
	defer func() { s.turn <- struct{}{} }()
	if _, due := s.known(id, algorithm); due { // unless somebody fetched while we waited
		s.fetch(ctx)
	}
	found, _ = s.known(id, algorithm)
	return found, s.missing(found)
}

// known returns the keys at hand, and whether they should be fetched again.
func (s *keySet) known(id, algorithm string) (found []jose.JSONWebKey, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.good) < trustedFor {
		found = choose(s.keys, id, algorithm)
	}
	pause := retryAfter
	if s.problem == nil {
		pause = refetchAfter
	}
	stale := len(found) == 0 || now.Sub(s.good) > freshFor
	return found, stale && now.Sub(s.tried) >= pause
}

// missing says why there is no key: the token names one that does not exist, or the issuer cannot be asked.
func (s *keySet) missing(found []jose.JSONWebKey) error {
	if len(found) > 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.problem != nil {
		return &Refusal{Kind: Unavailable, Reason: "the keys of the token's issuer cannot be fetched now; try again later", cause: s.problem}
	}
	return refuse(Invalid, "the token is not signed by a key of the issuer")
}

// choose returns the keys with the id that fit the algorithm. A token without an id is accepted where there is no choice.
func choose(keys []jose.JSONWebKey, id, algorithm string) (found []jose.JSONWebKey) {
	for _, k := range keys {
		if (id == "" || k.KeyID == id) && (k.Algorithm == "" || k.Algorithm == algorithm) && fits(k, algorithm) {
			found = append(found, k)
		}
	}
	if id == "" && len(found) > 1 {
		return nil
	}
	return found
}

// fits reports whether a key is of the algorithm's kind and strong enough.
func fits(k jose.JSONWebKey, algorithm string) bool {
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")) && key.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		sizes := map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}
		return sizes[algorithm] == key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}

// fetch asks the issuer, in the turn of one request but not bound to its end.
func (s *keySet) fetch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	keys, err := s.download(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problem, s.tried = err, time.Now()
	if err == nil {
		s.keys, s.good = keys, time.Now()
	}
}

func (s *keySet) download(ctx context.Context) ([]jose.JSONWebKey, error) {
	url, err := s.url(ctx)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, s.client, url, &set); err != nil {
		return nil, fmt.Errorf("fetching the keys of %s: %w", s.issuer, err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys[:min(len(set.Keys), mostKeys)] {
		var k jose.JSONWebKey // of a kind that we do not know, or for encryption: not ours
		if k.UnmarshalJSON(raw) == nil && k.Valid() && k.IsPublic() && (k.Use == "" || k.Use == "sig") {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the issuer has no public key for signatures at " + url)
	}
	return keys, nil
}
