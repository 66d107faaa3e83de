package transport

import (
	"bufio"
	"errors"
	"io"
)

// lines reads messages that end with a newline. One that is too long is skipped without being kept.
type lines struct {
	in   *bufio.Reader
	most int
}

func newLines(in io.Reader, most int) *lines {
	return &lines{in: bufio.NewReaderSize(in, 64<<10), most: most}
}

// next returns a line of the caller's own; the last one needs no newline. An error comes alone.
func (l *lines) next() (line []byte, tooLong bool, err error) {
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case tooLong:
		case len(line)+len(part) > l.most:
			line, tooLong = nil, true
		default:
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && len(line) == 0 && !tooLong {
			return nil, false, err
		}
		return line, tooLong, nil // an error comes again
	}
}
