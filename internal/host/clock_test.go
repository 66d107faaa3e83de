package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestASchemaCannotKeepTheHostBusy has forty parts that each refer to the next one twice: a million million comparisons.
func TestASchemaCannotKeepTheHostBusy(t *testing.T) {
	t.Parallel()
	definitions := map[string]any{"d40": map[string]any{"type": "object"}}
	for n := range 40 {
		next := map[string]any{"$ref": fmt.Sprintf("#/$defs/d%d", n+1)}
		definitions[fmt.Sprintf("d%d", n)] = map[string]any{"allOf": []any{next, next}}
	}
	raw, err := json.Marshal(map[string]any{"type": "object", "$ref": "#/$defs/d0", "$defs": definitions})
	if err != nil {
		t.Fatal(err)
	}
	s, err := compile(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.validate(map[string]any{}); !errors.Is(err, errTooLong) {
		t.Errorf("the answer is %v", err)
	}
}

func TestNumbersOutOfRange(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"1e308": true, "-1.5E-300": true, "1e+12": true, "12345678901234567890": true, "1e999999": false, "1E-999999": false,
		"1e99999999999999999999": false, strings.Repeat("9", 2000): false,
	} {
		if _, err := parse([]byte(`{"a":[{"b":` + text + `}]}`)); (err == nil) != ok {
			t.Errorf("%.30s: %v", text, err)
		}
	}
}
