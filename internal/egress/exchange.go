package egress

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"mcp-server/sdk"
)

// exchange is one request of a plugin.
type exchange struct {
	door  *Door
	start time.Time
	event Event
}

func newExchange(d *Door, r *http.Request) *exchange {
	x := &exchange{door: d, start: time.Now(), event: Event{Plugin: d.plugin}}
	host, port := r.URL.Hostname(), r.URL.Port()
	x.event.Host = printable(host, 253)
	x.event.Port, _ = strconv.Atoi(port)
	return x
}

// to notes where the request goes.
func (x *exchange) to(t target) { x.event.Host, x.event.Port = t.name(), int(t.port) }

// allow returns the rules under which the target may be reached.
func (x *exchange) allow(t target) ([]rule, error) {
	matched, host := x.door.rules.match(t)
	switch {
	case len(matched) > 0:
		x.event.Rule = matched[0].text
		return matched, nil
	case host:
		return nil, failed(sdk.EgressUndeclared, "plugin %s has not declared the port %d of the host %s", x.door.plugin, t.port, t.name())
	}
	return nil, failed(sdk.EgressUndeclared, "plugin %s has not declared the host %s", x.door.plugin, t.name())
}

// route finds the way to a target: the rules that allow it, and the host's own proxy that it goes through, if any.
func (x *exchange) route(scheme string, t target) (matched []rule, proxy *url.URL, err error) {
	x.to(t)
	if matched, err = x.allow(t); err == nil {
		proxy, err = x.door.proxy.upstream.of(scheme, t)
	}
	return matched, proxy, err
}

// refuse answers a request that is not carried out, and ends it.
func (x *exchange) refuse(w http.ResponseWriter, err error) {
	f := unreachable("the host", err)
	x.note(f)
	f.write(w.Header())
	w.Header().Set("Connection", "close")
	w.WriteHeader(f.status())
	_, _ = io.WriteString(w, f.reason+"\n")
}

// refuseTunnel is refuse for CONNECT. The reason stands in the status line, because that is all that many clients show of the answer.
func (x *exchange) refuseTunnel(conn net.Conn, err error) {
	f := unreachable("the host", err)
	x.note(f)
	h := http.Header{}
	f.write(h)
	body := f.reason + "\n"
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Connection", "close")
	_ = conn.SetDeadline(time.Now().Add(x.door.proxy.limits.linger))
	_, _ = io.WriteString(conn, "HTTP/1.1 "+strconv.Itoa(f.status())+" "+f.reason+"\r\n")
	_ = h.Write(conn)
	_, _ = io.WriteString(conn, "\r\n"+body)
	linger(conn)
}

// linger lets the other side read what was written: closing a connection with unread bytes in it takes that away.
func linger(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, maxHeader))
	}
}

// note tells of a request that was not carried out.
func (x *exchange) note(f *failure) {
	x.event.Refused, x.event.Kind, x.event.Took = f.reason, f.kind, time.Since(x.start)
	x.door.proxy.config.Observe(x.event)
	level, message, left := slog.LevelDebug, "connection failed", 0
	if f.refusal() {
		var ok bool
		if left, ok = x.door.refusals.Take(); !ok {
			return
		}
		level, message = slog.LevelWarn, "connection refused"
	}
	attributes := []slog.Attr{
		slog.String("plugin", x.event.Plugin), slog.String("host", x.event.Host), slog.Int("port", x.event.Port),
		slog.String("kind", string(f.kind)), slog.String("why", f.reason),
	}
	if left > 0 {
		attributes = append(attributes, slog.Int("left_out", left))
	}
	x.door.proxy.config.Logger.LogAttrs(context.Background(), level, message, attributes...)
}

// done tells of a connection that has ended.
func (x *exchange) done(sent, received int64) {
	x.event.Sent, x.event.Received, x.event.Took = sent, received, time.Since(x.start)
	x.door.proxy.config.Observe(x.event)
}
