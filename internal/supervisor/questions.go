package supervisor

import "encoding/json"

// questionBytes bounds one text of a question; the host bounds all of it.
const questionBytes = 64 << 10

// rewriteTexts returns JSON with every string in it, names included, rewritten. Everything else, and the order, stays, because
// a form is shown in the order of its schema. What is not JSON is returned as it is, for the host to refuse.
func rewriteTexts(raw []byte, rewrite func(string) string) []byte {
	if !json.Valid(raw) {
		return raw
	}
	var out []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] != '"' {
			out = append(out, raw[i])
			continue
		}
		begin := i
		for i++; raw[i] != '"'; i++ {
			if raw[i] == '\\' {
				i++
			}
		}
		out = append(out, rewriteText(raw[begin:i+1], rewrite)...)
	}
	return out
}

// rewriteText keeps the spelling of a string that does not change.
func rewriteText(quoted []byte, rewrite func(string) string) []byte {
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return quoted
	}
	clean := rewrite(text)
	if clean == text {
		return quoted
	}
	encoded, err := json.Marshal(clean)
	if err != nil {
		return []byte(`""`)
	}
	return encoded
}
