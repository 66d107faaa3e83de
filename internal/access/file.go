package access

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

const (
	largestFile = 1 << 20
	mostCallers = 10_000 // each request compares its token with all of them
)

// file is an access file as it is written. fileKeys lists the same keys.
type file struct {
	Callers  []fileCaller           `yaml:"callers"`
	Profiles map[string]fileProfile `yaml:"profiles"`
	OAuth    *fileOAuth             `yaml:"oauth"`
}

type fileCaller struct {
	Name        string `yaml:"name"`
	TokenSHA256 string `yaml:"token_sha256"`
	TokenFile   string `yaml:"token_file"`
	Expires     string `yaml:"expires"` // RFC 3339
	Rights      rights `yaml:",inline"`
}

// rights are what a caller may, in the words of the file.
type rights struct {
	Profile     string   `yaml:"profile"`
	ReadOnly    bool     `yaml:"read_only"`
	Allow       []string `yaml:"allow"`
	Deny        []string `yaml:"deny"`
	Rate        *int     `yaml:"rate"` // calls per minute
	Concurrency *int     `yaml:"concurrency"`
	Metrics     bool     `yaml:"metrics"`
}

type fileProfile struct {
	EnvFile     string            `yaml:"env_file"`
	Environment map[string]string `yaml:"environment"`
}

type fileOAuth struct {
	Resource       string     `yaml:"resource"`
	Issuer         string     `yaml:"issuer"`
	JWKSURL        string     `yaml:"jwks_url"`
	Audience       string     `yaml:"audience"`
	Algorithms     []string   `yaml:"algorithms"`
	RequiredScopes []string   `yaml:"required_scopes"`
	NameClaim      string     `yaml:"name_claim"`
	Leeway         string     `yaml:"leeway"` // a duration such as 30s
	Rules          []fileRule `yaml:"rules"`
}

type fileRule struct {
	When    map[string]string `yaml:"when"` // claims and what they must be or hold
	Default bool              `yaml:"default"`
	Rights  rights            `yaml:",inline"`
}

// parseFile reads the text of an access file. Its errors begin with LINE:COLUMN where the place is known, and quote keys,
// never values.
func parseFile(text []byte) (f file, err error) {
	defer func() { // a parser that stumbles over an odd file must not end a server that has a good one
		if p := recover(); p != nil {
			err = errors.New("1:1: the file is no YAML that can be read")
		}
	}()
	if len(text) > largestFile {
		return file{}, fmt.Errorf("the file is larger than %d bytes", largestFile)
	}
	tokens := lexer.Tokenize(string(text))
	if err := checkNesting(tokens); err != nil {
		return file{}, err
	}
	tree, err := parser.Parse(tokens, 0)
	if err != nil {
		return file{}, withPlace(err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return file{}, errors.New("1:1: the file must hold one document, with callers or oauth")
	}
	body := tree.Docs[0].Body
	if err := fileKeys().check(body); err != nil {
		return file{}, err
	}
	if err := yaml.NodeToValue(body, &f, yaml.Strict()); err != nil {
		return file{}, withPlace(err)
	}
	if !hasKey(body, "callers") && !hasKey(body, "oauth") { // what a half-written file looks like
		return file{}, errors.New("1:1: the file has neither callers nor oauth; write \"callers: []\" to admit nobody")
	}
	if len(f.Callers) > mostCallers {
		return file{}, fmt.Errorf("the file has %d callers, more than %d; use oauth for so many", len(f.Callers), mostCallers)
	}
	return f, nil
}

// withPlace keeps the message of an error of the YAML package, without the excerpt of the file that it would print.
func withPlace(err error) error {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		return at(e.GetToken(), e.GetMessage())
	}
	return errors.New("1:1: the file is no YAML that can be read")
}

func hasKey(node ast.Node, key string) bool {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return false
	}
	for _, pair := range mapping.Values {
		if scalar, ok := pair.Key.(ast.ScalarNode); ok && scalar.GetValue() == key {
			return true
		}
	}
	return false
}

// readPrivate reads a small file that holds a secret, and refuses one that other users may read. The group may read one of
// root's, which is how a service manager or Kubernetes hands out secrets.
func readPrivate(path string) ([]byte, error) {
	return readSmall(path, func(info os.FileInfo) error {
		uid, known := ownerOf(info)
		if !known {
			return nil
		}
		bad := os.FileMode(0o077)
		if uid == 0 {
			bad = 0o037
		}
		if info.Mode().Perm()&bad != 0 {
			return fmt.Errorf("%s may be read by other users (its mode is %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
		}
		return checkOwner(path, uid)
	})
}

// readOwned reads a file that other users may read but not write.
func readOwned(path string) ([]byte, error) {
	return readSmall(path, func(info os.FileInfo) error {
		uid, known := ownerOf(info)
		if !known {
			return nil
		}
		if info.Mode().Perm()&0o022 != 0 {
			return fmt.Errorf("%s may be written by other users (its mode is %04o); run: chmod go-w %s", path, info.Mode().Perm(), path)
		}
		return checkOwner(path, uid)
	})
}

// checkOwner refuses a file whose owner is neither the server's user nor root: owners can change their files at will.
func checkOwner(path string, uid int) error {
	if uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user (%d), who may change it; run: chown %d %s", path, uid, os.Geteuid(), path)
	}
	return nil
}

// readSmall checks the open file, so that it cannot be exchanged in between.
func readSmall(path string, check func(os.FileInfo) error) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	if err := check(info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(text) > largestFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, largestFile)
	}
	return text, err
}
