package egress

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

const benchBytes = 1 << 30

// BenchmarkDownload is 1 GiB from a target on this machine: directly, through a tunnel, and over plain http. The reader is a plugin's: it
// copies into memory. The sender writes from memory.
func BenchmarkDownload(b *testing.B) {
	chunk := make([]byte, 256<<10)
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { //nolint:gosec // on this machine
		w.Header().Set("Content-Length", fmt.Sprint(benchBytes))
		for range benchBytes / len(chunk) {
			_, _ = w.Write(chunk)
		}
	})}
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	to := l.Addr().String()
	rules := Rules{[]rule{{name: "", addr: l.Addr().(*net.TCPAddr).AddrPort().Addr().Unmap(), ports: []uint16{l.Addr().(*net.TCPAddr).AddrPort().Port()}}}} //nolint:errcheck // it listens on TCP
	p := Start(Config{})
	b.Cleanup(p.Close)
	door, err := p.Open("bench", rules)
	if err != nil {
		b.Fatal(err)
	}
	auth := (&kit{door: door}).authorization()
	for _, way := range []string{"direct", "tunnel", "plain"} {
		b.Run(way, func(b *testing.B) {
			b.SetBytes(benchBytes)
			before := cpu()
			defer func() { b.ReportMetric((cpu()-before).Seconds()/float64(b.N), "cpu-s/op") }()
			for b.Loop() {
				address, first := to, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
				if way != "direct" {
					address = net.JoinHostPort("127.0.0.1", strconv.Itoa(int(door.Port())))
				}
				conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", address)
				if err != nil {
					b.Fatal(err)
				}
				switch way {
				case "tunnel":
					_, _ = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: x\r\n%s\r\n", to, auth)
					_, _ = io.ReadFull(conn, make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n")))
				case "plain":
					first = "GET http://" + to + "/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + "\r\n"
				}
				_, _ = io.WriteString(conn, first)
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, 256<<10))
				_ = conn.Close()
				if err != nil || n < benchBytes {
					b.Fatal(n, err)
				}
			}
		})
	}
}
