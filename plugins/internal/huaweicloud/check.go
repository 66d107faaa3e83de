package huaweicloud

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mcp-server/sdk"
)

// CheckID refuses an id or a name that cannot be one segment of a path. It says nothing of whether the thing exists:
// ids of the services follow no common form.
func CheckID(argument, value string, most int) error {
	switch {
	case value == "":
		return sdk.InvalidArgument(argument, "is empty; give the id that the list tool returned")
	case utf8.RuneCountInString(value) > most:
		return sdk.InvalidArgument(argument, "has %d characters, at most %d are possible; it begins %s", utf8.RuneCountInString(value), most, quote(value))
	case !utf8.ValidString(value):
		return sdk.InvalidArgument(argument, "is not valid UTF-8")
	case value == "." || value == "..":
		return sdk.InvalidArgument(argument, "is %q, which is no id", value)
	}
	at := strings.IndexFunc(value, func(r rune) bool {
		return r == '/' || r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	if at < 0 {
		return nil
	}
	wrong, _ := utf8.DecodeRuneInString(value[at:])
	return sdk.InvalidArgument(argument, "is %s, which holds %s; give the bare id, without spaces, slashes and control characters", quote(value), describe(wrong))
}

func describe(r rune) string {
	switch {
	case r == '/' || r == '\\':
		return `a "` + string(r) + `"`
	case unicode.IsSpace(r):
		return "a space or a line break"
	}
	return "a control character"
}
