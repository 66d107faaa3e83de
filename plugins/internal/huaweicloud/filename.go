package huaweicloud

import (
	"mime"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fileName chooses the name of a download: the reply's, if it is asked for and usable, else the caller's.
func fileName(disposition string, d Download) string {
	if d.NameFromHeader {
		if name := cleanName(dispositionName(disposition)); name != "" {
			return name
		}
	}
	return firstOf(cleanName(d.Name), "download")
}

var (
	extendedName = regexp.MustCompile(`(?i)filename\*\s*=\s*"?(?:utf-8)'[^']*'([^";]+)`)
	plainName    = regexp.MustCompile(`(?i)filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))`)
)

// dispositionName reads the name out of a Content-Disposition header: RFC 5987's form before the plain one, and the plain one in all the
// wrong ways that servers write a Chinese name: raw UTF-8, UTF-8 taken for Latin-1, percent-encoded, MIME words.
func dispositionName(header string) string {
	if m := extendedName.FindStringSubmatch(header); m != nil {
		if name, err := url.PathUnescape(strings.TrimSpace(m[1])); err == nil && utf8.ValidString(name) {
			return name
		}
	}
	m := plainName.FindStringSubmatch(header)
	if m == nil {
		return ""
	}
	name := strings.TrimSpace(m[1] + m[2])
	if m[1] != "" {
		name = strings.ReplaceAll(name, `\"`, `"`) // and no other escapes: servers write Windows paths here
	}
	if words, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = words
	}
	if strings.Contains(name, "%") {
		if plain, err := url.PathUnescape(name); err == nil && utf8.ValidString(plain) {
			name = plain
		}
	}
	return unmangle(name)
}

// unmangle undoes UTF-8 that was read as Latin-1 and written as UTF-8 again.
func unmangle(s string) string {
	bytes := make([]byte, 0, len(s))
	high := false
	for _, r := range s {
		if r > 0xff {
			return s
		}
		high = high || r >= 0x80
		bytes = append(bytes, byte(r))
	}
	if high && utf8.Valid(bytes) {
		return string(bytes)
	}
	return s
}

var deviceName = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// cleanName makes a name safe on any system: the last part of a path, no control or invisible characters, none that Windows refuses, at
// most 200 bytes with the extension kept. What is left of an unusable name is empty.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " ")
	name = strings.TrimRight(name, ". ")
	if strings.Trim(name, "._ ") == "" {
		return ""
	}
	if deviceName.MatchString(name) {
		name = "_" + name
	}
	return shorten(name, 200)
}

func shorten(name string, most int) string {
	if len(name) <= most {
		return name
	}
	extension := extensionOf(name)
	stem := name[:most-len(extension)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, ". ") + extension
}

// extensionOf returns the extension with its dot, or nothing: a version number is none.
func extensionOf(name string) string {
	at := strings.LastIndexByte(name, '.')
	if at <= 0 || len(name)-at > 12 || !letterFirst.MatchString(name[at+1:]) {
		return ""
	}
	return name[at:]
}

var letterFirst = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

// withExtension gives an extension to a name that has none.
func withExtension(name string, kind Kind, extensions map[Kind]string) string {
	if extensionOf(name) != "" {
		return name
	}
	extension, given := extensions[kind]
	switch {
	case given:
	case kind == KindXLSX, kind == KindZIP, kind == KindJSON:
		extension = "." + string(kind)
	case kind == KindText:
		extension = ".txt"
	}
	return name + extension
}
