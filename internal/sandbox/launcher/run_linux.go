package launcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"

	"mcp-server/internal/sandbox"
)

// The descriptors that a launcher is started with, beside the standard streams.
const (
	orderFD   = 3
	programFD = 4
)

// Run does what the first argument says: "run" becomes the program of an order, with the arguments that follow, and returns only
// when that failed; "probe" prints what can be enforced.
func Run(args []string, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 0 && args[0] == "run":
		err = run(args[1:])
	case slices.Equal(args, []string{"probe"}):
		err = json.NewEncoder(stdout).Encode(probe())
	default:
		err = errors.New("it is started by mcp-server; by hand there is only: mcp-server-launcher probe")
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "mcp-server-launcher:", err)
		return Failed
	}
	return 0
}

// run stays on one thread: what a thread is bound by is what a program has that the thread becomes.
func run(args []string) error {
	runtime.LockOSThread()
	order, err := readOrder()
	if err != nil {
		return err
	}
	if err := dieWith(order.Parent); err != nil {
		return err
	}
	program, err := prepare(order, args)
	if err != nil {
		return err
	}
	if err := bound(order.Policy); err != nil {
		return err
	}
	return program.become()
}

func readOrder() (sandbox.Order, error) {
	file := os.NewFile(orderFD, "order")
	var order sandbox.Order
	if err := json.NewDecoder(file).Decode(&order); err != nil {
		return order, fmt.Errorf("reading the order on descriptor %d (started by hand?): %w", orderFD, err)
	}
	return order, file.Close()
}

// dieWith sets the parent-death signal once more: it belongs to a thread, and the thread that becomes the program may be another one
// than the process began with.
func dieWith(parent int) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("setting the parent-death signal: %w", err)
	}
	if os.Getppid() != parent {
		return errors.New("the server that ordered the program is gone")
	}
	return nil
}

// bound sets every bound, in an order in which none hinders the next: memory is last, since the launcher needs some for itself.
func bound(policy sandbox.Policy) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("setting no-new-privileges: %w", err)
	}
	for _, set := range []func(sandbox.Policy) error{dropCapabilities, boundFiles, boundResources, boundCalls, boundMemory} {
		if err := set(policy); err != nil {
			return err
		}
	}
	return nil
}
