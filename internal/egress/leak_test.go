package egress

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestNothingIsLeft makes thousands of connections that end in every way, and counts goroutines and descriptors afterwards. It runs by itself.
func TestNothingIsLeft(t *testing.T) { //nolint:paralleltest // it counts what the whole process has
	to := listen(t, func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	k := open(t, []string{to, server.Listener.Addr().String(), "127.0.0.1:1"}, func(p *Proxy) {
		p.limits.linger = 10 * time.Millisecond
		p.config.Observe = func(Event) {}
	})
	round := func(n int) {
		var all sync.WaitGroup
		for worker := range 20 {
			all.Go(func() {
				for i := range n {
					k.misuse(t, (worker+i)%8, to, server.Listener.Addr().String())
				}
			})
		}
		all.Wait()
	}
	round(5)
	goroutines, descriptors := settled(k, 0, 0)
	round(150) // 3,000 connections
	more, moreDescriptors := settled(k, goroutines+5, descriptors+5)
	if more > goroutines+5 || moreDescriptors > descriptors+5 {
		t.Errorf("%d goroutines and %d descriptors became %d and %d", goroutines, descriptors, more, moreDescriptors)
	}
	k.Close()
	if open := k.door.listener.open.Load(); open != 0 {
		t.Errorf("%d connections are counted at the end", open)
	}
}

// misuse uses one connection in one of the ways.
func (k *kit) misuse(t *testing.T, way int, tunnel, plain string) {
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(k.door.Port())})
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	within(conn)
	ask := func(line string) {
		_, _ = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", line, k.authorization())
		_, _ = conn.Read(make([]byte, 100))
	}
	switch way {
	case 0: // says nothing
	case 1:
		_, _ = io.WriteString(conn, "CONNECT ") // and no more
	case 2:
		ask("CONNECT undeclared.test:443")
	case 3:
		ask("CONNECT 127.0.0.1:1")
	case 4:
		ask("GET http://" + plain + "/")
	case 5:
		ask("CONNECT " + tunnel)
		_ = conn.SetLinger(0)
	case 6:
		ask("CONNECT " + tunnel)
		_, _ = io.WriteString(conn, "echo")
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	case 7:
		ask("CONNECT " + tunnel)
	}
}

// settled waits until the counts are down to these, or for a while.
func settled(k *kit, goroutines, descriptors int) (int, int) {
	for range 300 {
		if k.door.listener.open.Load() == 0 && (goroutines == 0 || runtime.NumGoroutine() <= goroutines && openFiles() <= descriptors) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return runtime.NumGoroutine(), openFiles()
}

// openFiles counts descriptors where the system shows them, but for pipes: Go splices a tunnel through some, and keeps them for the next
// until it has collected garbage twice.
func openFiles() int {
	const folder = "/proc/self/fd/"
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0
	}
	return len(slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		to, _ := os.Readlink(folder + e.Name()) // the folder itself is closed by now
		return strings.HasPrefix(to, "pipe:")
	}))
}
