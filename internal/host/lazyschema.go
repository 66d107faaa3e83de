package host

import (
	"encoding/json"
	"sync"
)

// lazySchema is a schema that is compiled when it is first needed: that takes a third of a millisecond, and a server has
// hundreds of them, of which a client may use two.
type lazySchema struct {
	compiled func() (*schema, error)
}

func newLazySchema(raw json.RawMessage) *lazySchema {
	return &lazySchema{compiled: sync.OnceValues(func() (*schema, error) { return compile(raw) })}
}
