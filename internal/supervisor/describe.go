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
	defer s.forget(p)
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StartTimeout)
	defer cancel()
	a := &attempt{cancel: cancel, done: make(chan struct{})} // for Close
	defer close(a.done)
	p.mu.Lock()
	p.attempt = a
	stopped := p.stopped
	p.mu.Unlock()
	if stopped {
		return Description{}, p.goneError()
	}
	d, err := p.describe(ctx)
	if err != nil {
		return Description{}, err
	}
	return d, nil
}

// describe runs a process that gets no environment, no folders and no way out, and is killed as soon as it has answered:
// it has nothing to put in order.
func (p *Plugin) describe(ctx context.Context) (Description, *sdk.Error) {
	b, err := p.bareBounds()
	if err != nil {
		return Description{}, p.refused(err)
	}
	b.digest = true
	var d Description
	proc, failure := p.run(ctx, b, func(proc *process, digest func() (string, error)) error {
		if err := proc.describe(ctx); err != nil {
			return err
		}
		d = Description{Manifest: proc.manifest, Raw: proc.raw}
		var err error
		d.SHA256, err = digest()
		return err
	})
	if failure != nil {
		return Description{}, failure
	}
	proc.end()
	return d, nil
}
