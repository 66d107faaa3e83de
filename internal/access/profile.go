package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Profile is a named set of credentials and settings with which the plugins of some callers run. The zero value has none,
// and lends none.
type Profile struct {
	Name   string
	values map[string]string
}

// LookupEnv returns the environment of the profile's plugins: the profile's own values, and of base only what belongs to
// no user. Names that begin with HUAWEICLOUD_ and the places of a user's files never come from base, so that nobody gets
// another's credentials. For the same reason the agency of the machine is off unless the profile names a metadata service.
func (p Profile) LookupEnv(base func(string) (string, bool)) func(string) (string, bool) {
	values := maps.Clone(p.values)
	return func(name string) (string, bool) {
		if value, ok := values[name]; ok {
			return value, true
		}
		if name == "HUAWEICLOUD_METADATA_ENDPOINT" {
			return "off", true
		}
		if personal(name) {
			return "", false
		}
		return base(name)
	}
}

// personal says that a variable is one user's own. Windows does not tell upper from lower case in such names.
func personal(name string) bool {
	switch upper := strings.ToUpper(name); upper {
	case "HOME", "USERPROFILE", "XDG_CONFIG_HOME", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA":
		return true
	default:
		return strings.HasPrefix(upper, "HUAWEICLOUD_")
	}
}

// fingerprint differs when a value does, and tells nothing of the values to one without the key.
func (p Profile) fingerprint(key []byte) string {
	h := hmac.New(sha256.New, key)
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		_, _ = fmt.Fprintf(h, "%q=%q\n", name, p.values[name]) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// newProfile joins what the file says of a profile with its env_file, which must be readable by its owner alone.
func newProfile(name string, f fileProfile, open func(string) ([]byte, error)) (Profile, error) {
	p := Profile{Name: name, values: map[string]string{}}
	for key, value := range f.Environment {
		if err := checkVariable(key, value); err != nil {
			return Profile{}, err
		}
		if secretName(key) {
			return Profile{}, fmt.Errorf("%s is a secret, and this file may be read by others; put it into env_file", key)
		}
		p.values[key] = value
	}
	if f.EnvFile == "" {
		return p, nil
	}
	text, err := open(f.EnvFile)
	if err != nil {
		return Profile{}, fmt.Errorf("reading env_file: %w", err)
	}
	return p, p.readEnv(string(text))
}

// secretName says that a variable holds what belongs into a private file.
func secretName(name string) bool {
	words := strings.Split(strings.ToUpper(name), "_")
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"AK", "SK", "TOKEN", "PASSWORD", "SECRET", "KEY"}, w)
	})
}

// readEnv adds the lines of an env file: KEY=VALUE, also after "export", the value as it stands or within quotes of one
// kind; comments begin with #. Its errors name lines and never values.
func (p Profile) readEnv(text string) error {
	seen := map[string]bool{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name, value = strings.TrimSpace(name), unquote(strings.TrimSpace(value))
		if !ok {
			return fmt.Errorf("line %d of env_file is not of the form NAME=VALUE", number)
		}
		if err := checkVariable(name, value); err != nil {
			return fmt.Errorf("line %d of env_file: %w", number, err)
		}
		if seen[name] {
			return fmt.Errorf("line %d of env_file sets %s again; keep one of the lines", number, name)
		}
		seen[name], p.values[name] = true, value
	}
	return nil
}

// unquote takes the quotes off a value that begins and ends with the same kind; nothing within them is special.
func unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
}

// checkVariable refuses what no environment holds. A name that is none is not quoted: it may be a part of a secret.
func checkVariable(name, value string) error {
	for i, r := range name {
		digit := r >= '0' && r <= '9'
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && (!digit || i == 0) {
			return fmt.Errorf("a variable's name has letters, digits and _ only, and begins with no digit")
		}
	}
	switch {
	case name == "":
		return fmt.Errorf("a variable's name is missing")
	case strings.ContainsRune(value, 0):
		return fmt.Errorf("the value of %s holds a zero byte", name)
	}
	return nil
}
