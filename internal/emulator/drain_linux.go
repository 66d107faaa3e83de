package emulator

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// drained waits until the other side has taken in all that was sent, a few seconds at most: a reset throws away what is
// still on the way, and then nobody could say how much a client got.
func drained(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	for range 5000 {
		waiting := 0
		err := raw.Control(func(fd uintptr) { waiting, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
		if err != nil || waiting == 0 {
			return
		}
		<-time.After(time.Millisecond)
	}
}
