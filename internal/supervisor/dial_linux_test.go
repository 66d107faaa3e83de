package supervisor

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"mcp-server/internal/pluginfolder"
)

// TestNobodyElseIsTakenForThePlugin has a plugin lead the host to a socket that the plugin itself may not connect to.
func TestNobodyElseIsTakenForThePlugin(t *testing.T) {
	t.Parallel()
	k := newKit(t, Config{Launcher: launcher(t), StartTimeout: 3 * time.Second})
	path := install(t, "crooked")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(filepath.Dir(path), "other"))
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan int, 100)
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				close(heard)
				return
			}
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			n, _ := conn.Read(make([]byte, 100))
			_ = conn.Close()
			heard <- n
		}
	}()
	p := k.Plugin(pluginfolder.Binary{Name: "crooked", Path: path}, Known{})
	if _, err := p.Start(t.Context()); err == nil {
		t.Error("it started")
	}
	_ = l.Close()
	for n := range heard {
		if n > 0 {
			t.Errorf("the host sent %d bytes or more to somebody else's socket", n)
		}
	}
}
