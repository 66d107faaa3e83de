package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mcp-server/internal/emulator"
)

// overlay looks the cloud's variables up at the emulator and all others in the process environment, so that no real
// credential is ever sent to the emulator.
func overlay(cloud *emulator.Emulator) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if strings.HasPrefix(name, "HUAWEICLOUD_") {
			value := cloud.Getenv(name)
			return value, value != ""
		}
		return os.LookupEnv(name)
	}
}

func addEmulatorFlag(c *cobra.Command, s *settings) {
	c.Flags().BoolVar(&s.emulator, "emulator", false, "use a built-in emulator of the cloud; no account is needed")
}

func addOutputFlag(c *cobra.Command, s *settings) {
	c.Flags().StringVarP(&s.output, "output", "o", "text", "text for people, json for programs")
}

// wantsJSON reads the value of --output.
func (s *settings) wantsJSON() (bool, error) {
	switch s.output {
	case "json":
		return true, nil
	case "text":
		return false, nil
	}
	return false, usageError{fmt.Errorf("the output format %q is not known; use text or json", s.output)}
}
