// Package scaffold writes the module of a new plugin: a tool with its tests, a Makefile and a README, which build, pass and
// run at once. Start reading at [New].
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"text/template"
)

// Options say what a new module needs to know. Both folders may be relative to the working folder.
type Options struct {
	// ServerSource is the folder of mcp-server's source, which the module's go.mod points to.
	ServerSource string
	// Plugins is the folder that `make install` puts the binary into, unless it is told another; empty stands for bin/plugins of
	// the source.
	Plugins string
}

//go:embed template
var templates embed.FS

// files are the written files, whose names may have the tool's in them, and their templates.
var files = []struct{ name, template string }{
	{"main.go", "main.go.tmpl"}, {"main_test.go", "main_test.go.tmpl"}, {"Makefile", "Makefile.tmpl"},
	{"README.md", "README.md.tmpl"}, {".gitignore", "gitignore.tmpl"}, {goldenFolder + "/{{.Tool}}.json", "tool.json.tmpl"},
}

const goldenFolder = "testdata/tools"

// New writes a module for a plugin of the name into a folder that is empty or does not exist yet. It overwrites nothing, needs
// no network and runs nothing. The module has every dependency of mcp-server at the same version until [Tidy] drops what it
// does not use. When New fails, what it has written is removed.
func New(dir, name string, o Options) (err error) {
	v, err := newValues(name, o)
	if err != nil {
		return err
	}
	written, err := render(v)
	if err != nil {
		return err
	}
	if written["go.mod"], written["go.sum"], err = moduleFiles(name, v.Source); err != nil {
		return err
	}
	return write(dir, written)
}

// values are what the templates take.
type values struct {
	Name, Tool, Source, Plugins string
}

var (
	// pluginName leaves room in the tool's name, and is a folder and a module on every system.
	pluginName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`) })
	// plainPath has nothing in it that a Makefile, a shell or go.mod reads in its own way.
	plainPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^\s'"$#\x60\\]+$`) })
)

const maxName = 50

func newValues(name string, o Options) (values, error) {
	switch {
	case !pluginName().MatchString(name) || len(name) > maxName:
		return values{}, fmt.Errorf("naming the plugin %.80q: want at most %d lower-case letters and digits, in words joined by hyphens, such as weather-show-forecast", name, maxName)
	case name == "mcp-server":
		return values{}, errors.New("naming the plugin mcp-server: that is the server's own module; choose another name")
	case o.ServerSource == "":
		return values{}, errors.New("finding mcp-server's source: it is not said where it is, and a plugin's module is built with it; name the folder of its go.mod")
	}
	source, err := filepath.Abs(o.ServerSource)
	if err != nil {
		return values{}, fmt.Errorf("finding mcp-server's source: %w", err)
	}
	plugins := filepath.Join(source, "bin", "plugins")
	if o.Plugins != "" {
		if plugins, err = filepath.Abs(o.Plugins); err != nil {
			return values{}, fmt.Errorf("finding the plugins folder: %w", err)
		}
	}
	v := values{Name: name, Tool: toolName(name), Source: filepath.ToSlash(source), Plugins: filepath.ToSlash(plugins)}
	for _, folder := range []string{v.Source, v.Plugins} {
		if !plainPath().MatchString(folder) {
			return values{}, fmt.Errorf("writing the folder %q into a Makefile and go.mod: it has a blank, a quote or a $ in its path; link to it from another place and name that", folder)
		}
	}
	return v, nil
}

// toolName makes <service>_<operation> of a plugin's name; a name of one word is a service.
func toolName(plugin string) string {
	if !strings.Contains(plugin, "-") {
		return plugin + "_shout"
	}
	return strings.ReplaceAll(plugin, "-", "_")
}

// render returns the files that come from templates.
func render(v values) (map[string][]byte, error) {
	written := map[string][]byte{}
	for _, f := range files {
		parsed, err := template.ParseFS(templates, "template/"+f.template)
		if err != nil {
			return nil, fmt.Errorf("reading the template of %s: %w", f.name, err)
		}
		var b bytes.Buffer
		if err := parsed.Execute(&b, v); err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.name, err)
		}
		written[filepath.FromSlash(strings.ReplaceAll(f.name, "{{.Tool}}", v.Tool))] = b.Bytes()
	}
	return written, nil
}

// write puts the files into the folder, all of them or none.
func write(dir string, written map[string][]byte) (err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking into %q: %w; name a folder that does not exist yet", dir, err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("writing into %q: it is not empty, and nothing in it is overwritten; name a folder that does not exist yet", dir)
	}
	made := err != nil // by us
	defer func() {
		if err != nil {
			remove(dir, written, made)
		}
	}()
	for name, content := range written {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making a folder for %s: %w", name, err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// remove takes back what was written into a folder that was empty before.
func remove(dir string, written map[string][]byte, made bool) {
	for name := range written {
		_ = os.Remove(filepath.Join(dir, name)) // it may not be there
	}
	_ = os.Remove(filepath.Join(dir, filepath.FromSlash(goldenFolder)))
	_ = os.Remove(filepath.Join(dir, filepath.Dir(filepath.FromSlash(goldenFolder))))
	if made {
		_ = os.Remove(dir)
	}
}
