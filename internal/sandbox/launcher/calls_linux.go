package launcher

import (
	"fmt"
	"slices"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"mcp-server/internal/sandbox"
)

// unknownCall is answered to clone3, whose flags a filter cannot see: C libraries fall back to clone then.
const unknownCall = seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)

// boundCalls sets the filter on system calls, where there is one.
func boundCalls(policy sandbox.Policy) error {
	if !callsCanBeBounded() {
		return nil
	}
	filter, err := assemble(policy)
	if err != nil {
		return fmt.Errorf("assembling the filter of system calls: %w", err)
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return fmt.Errorf("setting the filter of system calls: %w", errno)
	}
	return nil
}

// callsCanBeBounded asks the kernel for filters (Linux 4.14), and the library for the machine's calls.
func callsCanBeBounded() bool {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	_, err := arch.GetInfo("")
	return errno == 0 && err == nil
}

// assemble makes the kernel's form of the filter.
func assemble(policy sandbox.Policy) ([]unix.SockFilter, error) {
	machine, err := arch.GetInfo("")
	if err != nil {
		return nil, err
	}
	rules := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: groups(machine, policy)}
	instructions, err := rules.Assemble()
	if err != nil {
		return nil, err
	}
	raw, err := bpf.Assemble(append(foreignCalls(machine), instructions...))
	if err != nil {
		return nil, err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return filter, nil
}

// foreignCalls ends a process that calls the kernel as a program of another architecture does, such as int 0x80 on amd64. The library lets
// those through, and their numbers mean other calls.
func foreignCalls(machine *arch.Info) []bpf.Instruction {
	const archOffset = 4 // struct seccomp_data
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(machine.ID), SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
	}
}

// groups are the refused calls that the machine has.
func groups(machine *arch.Info, policy sandbox.Policy) []seccomp.SyscallGroup {
	refused := seccomp.SyscallGroup{Action: seccomp.ActionErrno}
	for _, r := range refusals {
		for _, name := range r.calls {
			if _, known := machine.SyscallNames[name]; known && (!r.unlessConnecting || policy.Connect == 0) {
				refused.Names = append(refused.Names, name)
			}
		}
	}
	partly := seccomp.SyscallGroup{Action: seccomp.ActionErrno}
	for _, r := range slices.Concat(partialRefusals, socketRefusals(policy.Connect != 0)) {
		if _, known := machine.SyscallNames[r.call]; known {
			partly.NamesWithCondtions = append(partly.NamesWithCondtions, seccomp.NameWithConditions{Name: r.call, Conditions: r.when})
		}
	}
	unknown := seccomp.SyscallGroup{Action: unknownCall, Names: []string{"clone3"}}
	return []seccomp.SyscallGroup{refused, partly, unknown}
}
