package scaffold

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// serverModule is the path of mcp-server's module.
const serverModule = "mcp-server"

// moduleFiles returns go.mod and go.sum of a module that uses mcp-server from its source. They name all that the server
// requires, so that go builds with what is there.
func moduleFiles(name, source string) (mod, sum []byte, err error) {
	serverMod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return nil, nil, fmt.Errorf("reading mcp-server's source: %w; name the folder of its go.mod", err)
	}
	goVersion, requirements, isServer := readModule(string(serverMod))
	if !isServer {
		return nil, nil, fmt.Errorf("reading mcp-server's source: the module in %q is another one; name the folder of mcp-server's go.mod", source)
	}
	if sum, err = os.ReadFile(filepath.Join(source, "go.sum")); err != nil {
		return nil, nil, fmt.Errorf("reading mcp-server's source: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\nrequire %s v0.0.0\n\n", name, goVersion, serverModule)
	fmt.Fprintf(&b, "// It has no public path yet; here is its source.\nreplace %s => %s\n\nrequire (\n", serverModule, source)
	for _, requirement := range requirements {
		fmt.Fprintf(&b, "\t%s // indirect\n", requirement)
	}
	b.WriteString(")\n")
	return b.Bytes(), sum, nil
}

// readModule reads what a go.mod requires, as "path version", and the version of Go. It takes the form that `go mod tidy` gives a file.
func readModule(text string) (goVersion string, requirements []string, isServer bool) {
	inRequire := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "module":
			isServer = len(fields) == 2 && fields[1] == serverModule
		case fields[0] == "go" && len(fields) == 2:
			goVersion = fields[1]
		case fields[0] == "require" && len(fields) == 3:
			requirements = append(requirements, fields[1]+" "+fields[2])
		case fields[0] == "require" && len(fields) == 2:
			inRequire = true
		case fields[0] == ")":
			inRequire = false
		case inRequire && len(fields) == 2:
			requirements = append(requirements, fields[0]+" "+fields[1])
		}
	}
	return goVersion, requirements, isServer
}

// Tidy runs `go mod tidy` in a new module, which drops the requirements that it does not use. It needs Go, and the network for modules that
// are not on this machine yet; a module that could not be tidied builds all the same.
func Tidy(ctx context.Context, dir string) error {
	tidy := exec.CommandContext(ctx, "go", "mod", "tidy")
	tidy.Dir = dir
	if output, err := tidy.CombinedOutput(); err != nil {
		return fmt.Errorf("tidying the module: %w: %.500s; it builds as it is, and `go mod tidy` in it can be run later", err, bytes.TrimSpace(output))
	}
	return nil
}
