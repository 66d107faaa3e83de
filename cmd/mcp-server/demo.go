package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mcp-server/internal/emulator"
	"mcp-server/internal/transport"
	"mcp-server/sdk"
)

func newDemoCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run all five operations against the emulator, through real plugins and real MCP",
		Long: `Run all five operations: the emulator of the cloud and the real server are started, this command speaks
MCP to the server as an editor would, and every file is compared with what the emulator holds.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			d := &demo{settings: s, std: std, story: std.out}
			if asJSON {
				d.story = std.err
			}
			begin := time.Now()
			if err := d.run(c.Context()); err != nil {
				return err
			}
			d.say("\nall five operations done in %s; the files are under\n%s", time.Since(begin).Round(10*time.Millisecond), d.folder)
			if asJSON {
				return writeJSON(std.out, map[string]any{"folder": d.folder, "artifacts": d.artifacts})
			}
			return d.silenced
		},
	}
	addOutputFlag(c, s)
	return c
}

// demo is one run of the demonstration.
type demo struct {
	settings  *settings
	std       streams
	story     io.Writer // what happens, for people
	folder    string
	cloud     *emulator.Emulator
	client    *transport.Client
	artifacts []sdk.Artifact
	silenced  error // the story could not be written
}

func (d *demo) say(format string, args ...any) {
	if _, err := fmt.Fprintf(d.story, format+"\n", args...); err != nil && d.silenced == nil {
		d.silenced = fmt.Errorf("printing the results: %w", err)
	}
}

func (d *demo) run(ctx context.Context) (err error) {
	if d.folder, err = os.MkdirTemp("", "mcp-server-demo-"); err != nil {
		return fmt.Errorf("making a folder for the files: %w", err)
	}
	if d.cloud, err = emulator.Start(ctx, emulator.Config{}); err != nil {
		return fmt.Errorf("starting the emulator: %w", err)
	}
	defer func() { err = errors.Join(err, d.cloud.Close()) }()
	if err := d.connect(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.client.Close()) }()
	for _, step := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"TaurusDB HTAP: download the data-synchronisation template", d.htap},
		{"DRS: export a task-creation template", d.drs},
		{"RFS: list templates", d.rfsList},
		{"RFS: template version content", d.rfsContent},
		{"ROMA Connect: export assets and download the archive, once", d.roma},
	} {
		d.say("\n%s", step.title)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	return nil
}

// connect starts this same program as a server and greets it.
func (d *demo) connect(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the server: %w", err)
	}
	server := exec.CommandContext(context.WithoutCancel(ctx), program, "serve",
		"--plugins", d.settings.pluginsDir, "--data-dir", d.folder, "--log-level", d.settings.logLevel)
	server.Env = append(withoutCloud(os.Environ()), d.cloud.Environment()...)
	server.Stderr = d.std.err
	d.client, err = transport.StartServer(ctx, server, newProgressLines(d.story).print)
	if err != nil {
		return err
	}
	tools, err := d.client.Tools(ctx)
	if err != nil {
		return errors.Join(err, d.client.Close())
	}
	d.say("%s speaks MCP with %d tools", d.client.Server, len(tools))
	return nil
}

// withoutCloud keeps the user's own credentials and settings of the real cloud away from the demonstration.
func withoutCloud(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool { return strings.HasPrefix(variable, "HUAWEICLOUD_") })
}

// compare checks an artifact on disk, byte for byte, against what the emulator holds.
func (d *demo) compare(artifacts []sdk.Artifact, content string) error {
	if len(artifacts) != 1 {
		return fmt.Errorf("got %d artifacts, want 1", len(artifacts))
	}
	a := artifacts[0]
	want, held := d.cloud.Content(content)
	if !held {
		return fmt.Errorf("the emulator holds no %s", content)
	}
	got, err := os.ReadFile(a.Path)
	if err != nil {
		return fmt.Errorf("reading the artifact: %w", err)
	}
	sum := sha256.Sum256(want)
	switch {
	case !bytes.Equal(got, want):
		return fmt.Errorf("%s differs from what the emulator holds", a.Path)
	case a.SHA256 != hex.EncodeToString(sum[:]) || a.Size != int64(len(want)):
		return fmt.Errorf("the checksum or size of %s is wrong", a.Name)
	}
	d.artifacts = append(d.artifacts, a)
	shown, err := filepath.Rel(d.folder, a.Path)
	if err != nil {
		shown = a.Path
	}
	d.say("      %s, %d bytes, sha256 %s…\n      identical to the cloud's: %s", a.Name, a.Size, a.SHA256[:12], shown)
	if a.Preview != nil {
		d.say("      %s", a.Preview.Summary)
	}
	return nil
}
