package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"mcp-server/sdk"
)

// tunnel answers CONNECT: two connections become one, until both sides have ended, one of them has broken, or the door is closed.
func (x *exchange) tunnel(w http.ResponseWriter, r *http.Request, err error) {
	var far net.Conn
	var early []byte
	if err == nil {
		far, early, err = x.reach(r)
	}
	near, buffered, hijackErr := http.NewResponseController(w).Hijack()
	if hijackErr != nil { // the plugin is gone
		if far != nil {
			_ = far.Close()
		}
		return
	}
	defer x.door.listener.leave()
	defer func() { _ = near.Close() }()
	// The server has set deadlines, and a closed door ends what it no longer knows.
	_ = near.SetDeadline(time.Time{})
	defer context.AfterFunc(x.door.ctx, func() { _ = near.Close() })()
	if err != nil {
		x.refuseTunnel(near, err)
		return
	}
	defer func() { _ = far.Close() }()
	defer context.AfterFunc(x.door.ctx, func() { _ = far.Close() })()
	if _, err := near.Write(append([]byte("HTTP/1.1 200 Connection established\r\n\r\n"), early...)); err != nil {
		x.done(0, 0)
		return
	}
	ahead, err := sendAhead(far, buffered.Reader)
	if err != nil {
		x.done(ahead, int64(len(early)))
		return
	}
	sent, received := join(near, far, x.door.proxy.limits.halfClosed)
	x.done(sent+ahead, received+int64(len(early)))
}

// reach connects to what a CONNECT names.
func (x *exchange) reach(r *http.Request) (conn net.Conn, early []byte, err error) {
	t, hasPort, err := parseHost(r.RequestURI)
	if err != nil || !hasPort {
		return nil, nil, failed(sdk.EgressInvalid, "CONNECT wants a host and a port, such as example.com:443")
	}
	ctx, cancel := context.WithTimeout(r.Context(), x.door.proxy.limits.connect)
	defer cancel()
	matched, proxy, err := x.route("https", t)
	switch {
	case err != nil:
		return nil, nil, err
	case proxy != nil:
		return x.door.proxy.connectThrough(ctx, proxy, t)
	}
	conn, err = x.door.connect(ctx, t, matched)
	return conn, nil, err
}

// sendAhead passes on what the plugin sent before it had an answer.
func sendAhead(far net.Conn, buffered *bufio.Reader) (int64, error) {
	ahead, _ := buffered.Peek(buffered.Buffered()) // all of it is there
	n, err := far.Write(ahead)
	return int64(n), err
}

// join copies between two connections, both ways, until both have ended. The end of one side is passed on; the other side may
// then go on for as long as bytes come. A broken side ends both.
func join(near, far net.Conn, patience time.Duration) (sent, received int64) {
	back := make(chan int64)
	go func() { back <- pass(near, far, patience) }() // ends when pass does, which a closed connection makes it do
	sent = pass(far, near, patience)
	return sent, <-back
}

// pass copies from one connection to the other until it ends. Between two TCP connections Linux does it without the bytes coming here.
func pass(to, from net.Conn, patience time.Duration) (total int64) {
	for {
		n, err := io.Copy(to, from)
		total += n
		switch {
		case err == nil:
			half, ok := to.(interface{ CloseWrite() error })
			if !ok || half.CloseWrite() != nil {
				_ = to.Close()
				_ = from.Close()
				return total
			}
			_ = to.SetReadDeadline(time.Now().Add(patience)) // the other way is on its own from here on
			return total
		case errors.Is(err, os.ErrDeadlineExceeded) && n > 0:
			_ = from.SetReadDeadline(time.Now().Add(patience))
		default:
			_ = to.Close()
			_ = from.Close()
			return total
		}
	}
}
