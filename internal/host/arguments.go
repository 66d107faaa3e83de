package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mcp-server/sdk"
)

// MaxArgumentBytes bounds the arguments of one call, well below what the wire to a plugin carries.
const MaxArgumentBytes = 4 << 20

// check validates arguments against the input schema, once, for every caller. Values of the right meaning in the wrong
// JSON type are mended; all problems are reported together in one *sdk.Error. What needs no mending is returned as it
// came, so numbers keep their digits.
func (s *schema) check(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) > MaxArgumentBytes {
		return nil, badArguments(fmt.Sprintf("the arguments have %d bytes; at most %d are accepted", len(raw), MaxArgumentBytes))
	}
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || string(trimmed) == "null" {
		raw = json.RawMessage("{}")
	}
	tree, err := parse(raw)
	if err != nil {
		return nil, badArguments("the arguments are not JSON: " + err.Error())
	}
	arguments, isObject := tree.(map[string]any)
	if !isObject {
		return nil, badArguments("the arguments must be a JSON object of named values, not " + jsonType(tree))
	}
	if err := s.ready(); err != nil {
		return nil, fmt.Errorf("compiling the tool's input schema: %w", err)
	}
	if mended, changed := mend(s.document, arguments); changed {
		arguments, _ = mended.(map[string]any) // an object stays one
		if raw, err = json.Marshal(arguments); err != nil {
			return nil, err
		}
	}
	if err := s.validate(arguments); err != nil {
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
			return nil, badArguments(s.explain(invalid)...)
		}
		return nil, fmt.Errorf("validating the arguments: %w", err)
	}
	return raw, nil
}

func parse(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the first value")
	}
	return tree, checkNumbers(tree)
}

// The largest and the longest number that is taken. No float64 is larger, and the validator calculates with all digits of any: a few
// thousand times 1e999999 would keep it busy for hours.
const (
	maxExponent = 400
	maxDigits   = 1000
)

func checkNumbers(tree any) error {
	switch v := tree.(type) {
	case map[string]any:
		for _, one := range v {
			if err := checkNumbers(one); err != nil {
				return err
			}
		}
	case []any:
		for _, one := range v {
			if err := checkNumbers(one); err != nil {
				return err
			}
		}
	case json.Number:
		return checkNumber(string(v))
	}
	return nil
}

func checkNumber(text string) error {
	exponent := 0
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		var err error
		if exponent, err = strconv.Atoi(text[at+1:]); err != nil {
			exponent = maxExponent + 1 // of more digits than an int has
		}
	}
	if len(text) > maxDigits || exponent > maxExponent || exponent < -maxExponent {
		return fmt.Errorf("the number %.20s… is out of range", text)
	}
	return nil
}

func badArguments(problems ...string) error {
	slices.Sort(problems)
	message := strings.Join(problems, "\n")
	if len(problems) > 1 {
		message = fmt.Sprintf("%d problems with the arguments:\n- %s", len(problems), strings.Join(problems, "\n- "))
	}
	return &sdk.Error{Code: sdk.CodeInvalidArgument, Source: sdk.SourceArgument, Message: message}
}
