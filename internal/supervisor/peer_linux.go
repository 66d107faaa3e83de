package supervisor

import (
	"net"

	"golang.org/x/sys/unix"
)

// listensWithin reports whether who listens at the other end of a connection is in the process group.
func listensWithin(conn net.Conn, group int) bool {
	local, isLocal := conn.(*net.UnixConn)
	if !isLocal || group == 0 {
		return false
	}
	raw, err := local.SyscallConn()
	if err != nil {
		return false
	}
	within := false
	err = raw.Control(func(fd uintptr) {
		peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			return
		}
		of, err := unix.Getpgid(int(peer.Pid))
		within = err == nil && of == group
	})
	return err == nil && within
}
