package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// starts are the starts with one number of plugins: of the in-process server, of the host that knows the plugins from before,
// and of the host that sees them for the first time.
type starts struct {
	plugins           int
	dir               string // holds the plugins and what servers keep
	list              string // file of the tools' definitions
	floor, warm, cold []time.Duration
}

// measureStart starts the servers in turn and notes the time from the start of the process to the answer of tools/list. The in-process
// server reads the definitions of the same tools from a file, as the host reads its cache.
func measureStart(out io.Writer, rounds int) error {
	dir, remove, err := buildAside()
	if err != nil {
		return err
	}
	defer remove()
	var sets []*starts
	for _, n := range []int{0, 5, 50} {
		s := &starts{plugins: n, dir: filepath.Join(dir, fmt.Sprint(n))}
		if err := s.prepare(dir); err != nil {
			return fmt.Errorf("preparing %d plugins: %w", n, err)
		}
		sets = append(sets, s)
	}
	for n := range rounds {
		for _, s := range sets {
			if err := s.round(dir, n); err != nil {
				return fmt.Errorf("with %d plugins: %w", s.plugins, err)
			}
		}
	}
	_, err = fmt.Fprintf(out, "%s; %d rounds, medians; start of the process to the answer of tools/list\n\n", about(), rounds)
	for _, s := range sets {
		if err == nil {
			_, err = fmt.Fprint(out, row(fmt.Sprintf("%d plugins, known from before", s.plugins), s.floor, s.warm),
				row(fmt.Sprintf("%d plugins, seen first", s.plugins), s.floor, s.cold))
		}
	}
	return err
}

// prepare makes the folder of plugins, and the file of the tools that they have; which the host knows from then on.
func (s *starts) prepare(built string) error {
	if err := fillPlugins(filepath.Join(s.dir, "plugins"), built, s.plugins); err != nil {
		return err
	}
	command := exec.CommandContext(context.Background(), s.host(built, "tools", "warm", "-o", "json")[0], s.host(built, "tools", "warm", "-o", "json")[1:]...)
	command.Env = append(os.Environ(), s.environment("warm")...)
	list, err := command.Output()
	if err != nil {
		return fmt.Errorf("listing the tools: %w", err)
	}
	var short bytes.Buffer
	if err := json.Compact(&short, list); err != nil {
		return err
	}
	s.list = filepath.Join(s.dir, "tools.json")
	return os.WriteFile(s.list, short.Bytes(), 0o600)
}

// host is the command line of a host that keeps what it keeps below a folder of ours.
func (s *starts) host(built, command, kept string, more ...string) []string {
	return append([]string{filepath.Join(built, "mcp-server"), command, "--log-level", "error",
		"--plugins", filepath.Join(s.dir, "plugins"), "--data-dir", filepath.Join(s.dir, kept, "data")}, more...)
}

func (s *starts) environment(kept string) []string {
	return []string{"XDG_CACHE_HOME=" + filepath.Join(s.dir, kept, "cache"), "HOME=" + filepath.Join(s.dir, kept, "home")}
}

func (s *starts) round(built string, n int) error {
	if err := os.RemoveAll(filepath.Join(s.dir, "cold")); err != nil {
		return err
	}
	ways := []struct {
		into *[]time.Duration
		args []string
		env  []string
	}{
		{&s.floor, []string{filepath.Join(built, "inprocess"), s.list}, nil},
		{&s.warm, s.host(built, "serve", "warm"), s.environment("warm")},
		{&s.cold, s.host(built, "serve", "cold"), s.environment("cold")},
	}
	var names []string
	for i := range ways {
		way := ways[(n+i)%len(ways)] // each comes first in turn
		took, listed, err := start(way.args, way.env)
		if err != nil {
			return err
		}
		if names != nil && !slices.Equal(names, listed) {
			return fmt.Errorf("%s lists %d tools, and another server %d", way.args[0], len(listed), len(names))
		}
		names = listed
		*way.into = append(*way.into, took)
	}
	return nil
}

// start starts a server, asks for its tools and stops it.
func start(args, environment []string) (took time.Duration, names []string, err error) {
	begin := time.Now()
	server, err := open(args, environment)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	line, err := server.ask("tools/list", "")
	if err != nil {
		return 0, nil, err
	}
	took = time.Since(begin)
	var answer struct {
		Result struct{ Tools []struct{ Name string } }
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return 0, nil, err
	}
	for _, t := range answer.Result.Tools {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return took, names, nil
}
