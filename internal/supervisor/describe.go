package supervisor

import (
	"context"
	"encoding/json"

	"mcp-server/internal/pluginfolder"
	"mcp-server/sdk"
)

// Description is what a binary says of itself.
type Description struct {
	Manifest sdk.Manifest
	// Raw is the manifest as the plugin sent it.
	Raw json.RawMessage
	// SHA256 is the file's, in lower-case hexadecimal digits.
	SHA256 string
}

// Describe runs the binary with nothing but itself, asks it what it is and ends it. The error is an [*sdk.Error].
func (s *Supervisor) Describe(ctx context.Context, b pluginfolder.Binary) (Description, error) {
	p := s.Plugin(b, Known{})
	defer p.Stop(context.WithoutCancel(ctx))
	proc, err := p.acquire(ctx)
	if err != nil {
		return Description{}, err
	}
	defer proc.calls.Done()
	return Description{Manifest: proc.manifest, Raw: proc.raw}, nil
}

// Retire lets running calls end, and then stops the plugin; new calls are refused.
func (p *Plugin) Retire() { go p.Stop(context.Background()) }
