package access

// RefusalKind says what a client can do about a refusal.
type RefusalKind int

// The kinds of refusals.
const (
	// Invalid is a token that is unknown or wrong: get another.
	Invalid RefusalKind = iota + 1
	// Expired is a token that was good: get a fresh one.
	Expired
	// TooFewScopes is a good token without a scope that is needed: ask for it.
	TooFewScopes
	// NoRule is a good token of somebody whom no rule of the access file knows.
	NoRule
	// Unavailable says nothing of the token: the issuer's keys could not be fetched. Try again.
	Unavailable
)

// Refusal is why a token was not accepted. It never holds any part of the token.
type Refusal struct {
	Kind   RefusalKind
	Reason string
	// Caller is whose token it is, as far as that is sure; for the log.
	Caller string
	// cause is for the log.
	cause error
}

// Error returns the reason, which a client may see.
func (r *Refusal) Error() string { return r.Reason }

// Unwrap returns what is for the log only.
func (r *Refusal) Unwrap() error { return r.cause }

func refuse(kind RefusalKind, reason string) *Refusal { return &Refusal{Kind: kind, Reason: reason} }
