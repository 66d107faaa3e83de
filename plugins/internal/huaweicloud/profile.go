package huaweicloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"mcp-server/sdk"
)

// profile reads the [basic] section of the official SDK's credentials file: the keys ak, sk, security_token, project_id
// and iam_endpoint.
func (c *Client) profile(context.Context, place) (credential, error) {
	name, chosen := c.profileName()
	if name == "" {
		return credential{}, errNotSet
	}
	shown := "~/.huaweicloud/credentials"
	if chosen {
		shown = "the file that " + envProfile + " names"
	}
	text, err := c.readFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !chosen:
		return credential{}, errNotSet
	case err != nil:
		return credential{}, unauthenticated("reading %s: %v", shown, reasonWithoutPath(err))
	}
	keys, err := section(string(text), "basic")
	if err != nil {
		return credential{}, unauthenticated("reading %s: %v", shown, err)
	}
	if len(keys) == 0 {
		if chosen {
			return credential{}, unauthenticated("%s has no section [basic] with ak and sk", shown)
		}
		return credential{}, errNotSet
	}
	return profileCredential(keys, shown)
}

func (c *Client) profileName() (name string, chosen bool) {
	if name := c.setting(envProfile); name != "" {
		return name, true
	}
	home := c.setting("HOME")
	if runtime.GOOS == "windows" {
		home = c.setting("USERPROFILE")
	}
	if home == "" {
		return "", false
	}
	return filepath.Join(home, ".huaweicloud", "credentials"), false
}

func profileCredential(keys map[string]string, shown string) (credential, error) {
	ak, sk := keys["ak"], keys["sk"]
	switch {
	case ak == "" && sk == "" && keys["idp_id"] != "":
		return credential{}, &sdk.Error{
			Code: sdk.CodeUnimplemented, Source: sdk.SourcePlugin,
			Message: shown + " uses idp_id and id_token_file, which are not supported here; use ak and sk, or a token in " + envToken,
		}
	case ak == "":
		return credential{}, unauthenticated("%s: section [basic] has no ak", shown)
	case sk == "":
		return credential{}, unauthenticated("%s: section [basic] has no sk", shown)
	}
	for _, key := range []string{"ak", "sk", "security_token"} {
		if strings.ContainsFunc(keys[key], func(r rune) bool { return r <= ' ' || r > '~' }) {
			return credential{}, unauthenticated("%s: %s holds a character that cannot be part of it; copy it again", shown, key)
		}
	}
	project := keys["project_id"]
	if project != "" && !projectPattern.MatchString(project) {
		return credential{}, badSetting("%s: project_id is not a project id", shown)
	}
	return credential{
		ak: ak, sk: sk, securityToken: keys["security_token"], project: project, iamEndpoint: keys["iam_endpoint"],
		origin: "ak and sk in " + shown,
	}, nil
}

// section reads one section of an INI file, in the form that the official SDK's reader takes: "key = value" or
// "key: value", quotes, and comments after # or ;. Errors name the line and never its text.
func section(text, name string) (map[string]string, error) {
	keys := map[string]string{}
	inside := false
	text = strings.TrimPrefix(text, "\ufeff")
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			title, rest, closed := strings.Cut(line[1:], "]")
			if rest = strings.TrimSpace(rest); !closed || rest != "" && rest[0] != '#' && rest[0] != ';' {
				return nil, fmt.Errorf("line %d is not a section like [basic]", number)
			}
			inside = strings.TrimSpace(title) == name
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at <= 0 {
			return nil, fmt.Errorf("line %d is not of the form key = value", number)
		}
		if inside {
			keys[strings.TrimSpace(line[:at])] = unquote(strings.TrimSpace(line[at+1:]))
		}
	}
	return keys, nil
}

func unquote(value string) string {
	for _, mark := range []string{`"""`, `"`, "'", "`"} {
		if inner, found := strings.CutPrefix(value, mark); found {
			if inner, _, found := strings.Cut(inner, mark); found {
				return inner
			}
		}
	}
	if at := strings.IndexAny(value, "#;"); at >= 0 {
		value = strings.TrimSpace(value[:at])
	}
	return value
}
