//go:build !linux

package supervisor

import (
	"errors"

	"mcp-server/internal/pluginv1"
)

func (*process) salvage(*pluginv1.File, string) error {
	return errors.New("a plugin's file cannot be read by its descriptor here")
}
