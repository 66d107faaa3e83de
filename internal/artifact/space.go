package artifact

import (
	"fmt"

	"mcp-server/sdk"
)

// checkSpace refuses a once-only download that the disk might not take: afterwards it would be too late.
func (s *Store) checkSpace() error {
	free, known := freeSpace(s.folder("staging"))
	if !known || free >= s.cfg.MinFree {
		return nil
	}
	return &sdk.Error{
		Code: sdk.CodeResourceExhausted, Source: sdk.SourceHost,
		Message: fmt.Sprintf("the disk of the data folder has %d MiB free, and a once-only download wants %d MiB before it begins; nothing was sent. "+
			"Free space, choose another folder with --data-dir, or lower the bound with --min-free", free>>20, s.cfg.MinFree>>20),
	}
}
