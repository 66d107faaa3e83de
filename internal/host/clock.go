package host

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validateFor is how long a value may be compared with a schema. The largest results take a tenth of it.
const validateFor = 2 * time.Second

var errTooLong = errors.New("comparing it with the schema takes too long: parts of the schema refer to each other too often")

// clock bounds how long values are compared with a schema. A schema of a few lines whose parts refer to others twice can take longer than
// any machine lives, and the validator knows no context. Values that are compared at the same time share the clock.
type clock struct{ until atomic.Int64 }

// bounded ends f, which compares, when the time is over.
func (c *clock) bounded(f func() error) (err error) {
	c.until.Store(time.Now().Add(validateFor).UnixNano())
	defer func() {
		if p := recover(); p == errTooLong { //nolint:errorlint // it is what Validate panicked with, as it is
			err = errTooLong
		} else if p != nil {
			panic(p)
		}
	}()
	return f()
}

// vocabulary has the validator look at the clock in every part of a schema.
func (c *clock) vocabulary() *jsonschema.Vocabulary {
	anything := true
	return &jsonschema.Vocabulary{
		URL: "urn:mcp-server:clock", Schema: &jsonschema.Schema{Bool: &anything},
		Compile: func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error) { return c, nil },
	}
}

// Validate looks at the clock.
func (c *clock) Validate(*jsonschema.ValidatorContext, any) {
	if time.Now().UnixNano() > c.until.Load() {
		panic(errTooLong)
	}
}
