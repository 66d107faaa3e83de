package supervisor

import (
	"bytes"
	"sync"
)

const (
	// captureBytes is what is kept of a line; the rest is counted and forgotten.
	captureBytes = 64 << 10
	// endingBytes is what is kept of the end of a cut line, for the handshake may follow noise that has no newline.
	endingBytes = 1 << 10
)

// splitter is a writer that cuts a stream into lines. It never fails and never keeps more than captureBytes, whatever
// is written to it.
type splitter struct {
	emit func(outputLine)

	mu     sync.Mutex
	head   []byte
	ending []byte // the last bytes of a line that did not fit into head
	cut    int
}

// outputLine is one line without its newline, valid until emit returns.
type outputLine struct {
	text   []byte
	cut    int // bytes that are missing behind text
	ending []byte
}

func (s *splitter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(p)
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.add(p)
			return n, nil
		}
		s.add(p[:end])
		s.end()
		p = p[end+1:]
	}
}

// flush emits what is left without a newline.
func (s *splitter) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.head) > 0 {
		s.end()
	}
}

func (s *splitter) add(p []byte) {
	fits := min(captureBytes-len(s.head), len(p))
	s.head = append(s.head, p[:fits]...)
	rest := p[fits:]
	s.cut += len(rest)
	if len(rest) > endingBytes {
		rest = rest[len(rest)-endingBytes:]
	}
	s.ending = append(s.ending, rest...)
	if extra := len(s.ending) - endingBytes; extra > 0 {
		s.ending = append(s.ending[:0], s.ending[extra:]...)
	}
}

func (s *splitter) end() {
	s.emit(outputLine{text: bytes.TrimSuffix(s.head, []byte("\r")), cut: s.cut, ending: s.ending})
	if cap(s.head) > 4<<10 {
		s.head = nil // long lines are rare; their memory is not kept
	}
	s.head, s.ending, s.cut = s.head[:0], s.ending[:0], 0
}

// tail returns the last bytes of the line, cut or not.
func (l outputLine) tail() []byte {
	text := l.text
	if len(text) > endingBytes {
		text = text[len(text)-endingBytes:]
	}
	if len(l.ending) == 0 {
		return text
	}
	return append(bytes.Clone(text), l.ending...)
}
