package supervisor

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// handshakeLine is go-plugin's handshake at the end of a line: core version, protocol version, network, address,
// protocol, and up to two fields that are not used here.
var handshakeLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`1\|[0-9]{1,9}\|(?:unix|tcp)\|[^|]+\|[a-z]{1,16}(?:\|[^|]*){0,2}$`)
})

// handshakeFilter passes the first handshake of a plugin's standard output on to go-plugin, and nothing else.
type handshakeFilter struct {
	reader *io.PipeReader
	writer *io.PipeWriter
	noise  func(outputLine)
	done   bool
}

func newHandshakeFilter(noise func(outputLine)) *handshakeFilter {
	f := &handshakeFilter{noise: noise}
	f.reader, f.writer = io.Pipe()
	return f
}

// line takes the next line of output. It waits for go-plugin to take the handshake, but not once the filter is closed.
func (f *handshakeFilter) line(l outputLine) {
	if f.done {
		f.noise(l)
		return
	}
	tail := l.tail()
	at := handshakeLine().FindIndex(tail)
	if at == nil {
		f.noise(l)
		return
	}
	f.done = true
	if l.cut == 0 {
		l.text = l.text[:len(l.text)-len(tail)+at[0]] // what was written before it without a newline
	}
	f.noise(l)
	_, _ = fmt.Fprintf(f.writer, "%s\n", tail[at[0]:at[1]])
	f.close()
}

// close tells go-plugin that no handshake follows.
func (f *handshakeFilter) close() { _ = f.writer.Close() }

// checkAddress refuses an address that is not the plugin's own: only its private folder and the loopback interface are.
func checkAddress(folder, network, address string) error {
	switch network {
	case "unix":
		if strings.HasPrefix(filepath.Clean(address), folder+string(filepath.Separator)) {
			return nil
		}
	case "tcp":
		if host, _, err := net.SplitHostPort(address); err == nil && net.ParseIP(host).IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("it listens on an address that is not in its private folder (%s)", network)
}
