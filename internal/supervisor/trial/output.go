package trial

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"mcp-server/internal/supervisor/visible"
)

const (
	// keptBytes is how much of a stream is kept; the rest is counted.
	keptBytes = 2 << 20
	// lineBytes is how much of a line is looked at as one.
	lineBytes = 64 << 10
	// noiseBytes, wordsBytes and reasonBytes bound what an outcome quotes.
	noiseBytes  = 300
	wordsBytes  = 300
	reasonBytes = 3000
)

// output keeps the beginning of what is written to it, and counts the rest.
type output struct {
	mu    sync.Mutex
	kept  []byte
	total int
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p[:min(len(p), keptBytes-len(o.kept))]...)
	o.total += len(p)
	return len(p), nil
}

// ReadFrom reads a stream to its end.
func (o *output) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{o}, r) // without its own ReadFrom, which is this
}

// size is how much has come.
func (o *output) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.total
}

// since returns what is kept of what came after a mark, and how much came.
func (o *output) since(mark int) (text []byte, size int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]byte{}, o.kept[min(mark, len(o.kept)):]...), o.total - mark
}

// stdout is a plugin's standard output, on which the handshake stands, and nothing else should.
type stdout struct {
	before, after output // noise
	came          chan struct{}
	line          string // the handshake, valid once came is closed
}

func newStdout() *stdout { return &stdout{came: make(chan struct{})} }

// handshakeLine is go-plugin's handshake at the end of a line: core version, protocol version, network, address, protocol,
// and up to two fields that are not used here.
var handshakeLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9]{1,9}\|[0-9]{1,9}\|(?:unix|tcp)\|[^|]+\|[a-z]{1,16}(?:\|[^|]*){0,2}$`)
})

// readFrom reads a stream to its end.
func (s *stdout) readFrom(r io.Reader) {
	lines := bufio.NewReaderSize(r, lineBytes)
	for found := false; ; {
		line, err := lines.ReadSlice('\n')
		text := strings.TrimRight(string(line), "\r\n")
		at := handshakeLine().FindStringIndex(text)
		switch {
		case found:
			_, _ = s.after.Write(line)
		case at == nil || err != nil:
			_, _ = s.before.Write(line)
		default:
			_, _ = s.before.Write(line[:at[0]])
			s.line, found = text[at[0]:], true
			close(s.came)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// quote shows the beginning of what a stream held.
func (o *output) quote() string {
	text, size := o.since(0)
	return fmt.Sprintf("%d bytes: %s", size, visible.Quote(string(text[:min(len(text), 2*noiseBytes)]), noiseBytes))
}
