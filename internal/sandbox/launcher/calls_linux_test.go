package launcher

import (
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"

	"mcp-server/internal/sandbox"
)

// TestRefusalsAreNamedRight looks every call up: one that no machine has is a slip of the pen, and would be left out silently.
func TestRefusalsAreNamedRight(t *testing.T) {
	t.Parallel()
	for _, r := range refusals {
		for _, name := range r.calls {
			known := false
			for _, machine := range []*arch.Info{arch.X86_64, arch.AARCH64, arch.I386} {
				_, has := machine.SyscallNames[name]
				known = known || has
			}
			if !known || r.reason == "" {
				t.Errorf("%s (%s) is no call of any machine", name, r.reason)
			}
		}
	}
	for _, machine := range []*arch.Info{arch.X86_64, arch.AARCH64} {
		for _, r := range partialRefusals {
			if _, known := machine.SyscallNames[r.call]; !known {
				t.Errorf("%s is no call of %s", r.call, machine.Name)
			}
		}
		if n := len(groups(machine, sandbox.Policy{})[0].Names); n < 70 {
			t.Errorf("%s refuses only %d calls", machine.Name, n)
		}
	}
}

func TestFilterAssembles(t *testing.T) {
	t.Parallel()
	for _, policy := range []sandbox.Policy{{}, {Connect: 1}} {
		if filter, err := assemble(policy); err != nil || len(filter) == 0 || len(filter) > 1000 {
			t.Errorf("%+v: %d instructions (%v)", policy, len(filter), err)
		}
	}
}
