package emulator

import "io"

// payload is the body of an answer. Between head and tail it may have ballast, bytes of a block that repeats, which are made while they
// are sent: so an archive of any size takes the memory of a small one, and faults still know where the body ends.
type payload struct {
	head, block, tail []byte
	ballast           int64 // bytes between head and tail
}

func plain(body []byte) payload { return payload{head: body} }

func (p payload) size() int64 { return int64(len(p.head)) + p.ballast + int64(len(p.tail)) }

// run returns the longest run of bytes at hand from an offset on; it is empty at the end.
func (p payload) run(off int64) []byte {
	if off < int64(len(p.head)) {
		return p.head[off:]
	}
	off -= int64(len(p.head))
	if off < p.ballast {
		from := off % int64(len(p.block))
		return p.block[from:min(int64(len(p.block)), from+p.ballast-off)]
	}
	return p.tail[min(off-p.ballast, int64(len(p.tail))):]
}

// ReadAt makes a payload of any size readable in pieces.
func (p payload) ReadAt(into []byte, off int64) (int, error) {
	done := 0
	for done < len(into) {
		n := copy(into[done:], p.run(off+int64(done)))
		if n == 0 {
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

// send writes the bytes of a range, in pieces as large as they are at hand. The client may be gone, which is its right.
func (p payload) send(w io.Writer, from, to int64) {
	for from < to {
		piece := p.run(from)
		n, err := w.Write(piece[:min(int64(len(piece)), to-from)])
		if err != nil || n == 0 {
			return
		}
		from += int64(n)
	}
}
