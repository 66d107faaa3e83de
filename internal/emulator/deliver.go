package emulator

import (
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// refusal is the answer of a fault that stands in front of the service.
func (c *call) refusal(f *Fault) reply {
	header := http.Header{}
	switch f.Kind {
	case FaultHTML:
		header.Set("Content-Type", "text/html")
		return reply{status: http.StatusBadGateway, header: header, body: plain([]byte(
			"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n" +
				"<hr><center>elb</center>\r\n</body>\r\n</html>\r\n"))}
	case FaultEmpty:
		return reply{status: http.StatusServiceUnavailable, header: header}
	case FaultGone:
		return reply{header: header}
	case FaultThrottle:
		if c.service.name == ServiceOBS {
			return c.render(fail(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."))
		}
		return c.render(errThrottled())
	case FaultExpiredLink:
		return c.render(errLinkExpired())
	default:
		return c.render(injected(c.service.name, f.Status))
	}
}

// injected is the error of FaultStatus: a code of the service, and a text that says where it comes from.
func injected(service string, status int) *failure {
	if status == 0 {
		status = http.StatusInternalServerError
	}
	code := map[string]string{ServiceHTAP: "DBS.200005", ServiceDRS: "DRS.10000001", ServiceRFS: "RF.500EMU",
		ServiceROMA: "ROMA.00000101", ServiceIAM: "IAM.0011", ServiceOBS: "InternalError"}[service]
	return &failure{status: status, code: code, message: "An error that the emulator was asked for.",
		details: "fault injection"}
}

// wrongType is an error that calls itself a success.
func (c *call) wrongType() reply {
	f := injected(c.service.name, http.StatusOK)
	out, err := jsonReply(http.StatusOK, map[string]string{"error_code": f.code, "error_msg": f.message})
	if err != nil {
		return c.render(err)
	}
	return out
}

// deliver sends an answer, whole or as the fault wants it.
func deliver(w http.ResponseWriter, r *http.Request, out reply, f *Fault) {
	kind := FaultKind("")
	if f != nil {
		kind = f.Kind
	}
	if kind == FaultGone {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if kind == FaultReset && f.After < 0 {
		reset(r)
	}
	maps.Copy(w.Header(), out.header)
	if kind == FaultCut && out.body.size() <= f.cutAfter() {
		kind = ""
	}
	switch kind {
	case FaultTruncate, FaultStall, FaultReset, FaultCut:
		sendPart(w, out, f.cutAfter())
		if kind == FaultStall {
			<-r.Context().Done()
		}
		if kind == FaultReset || kind == FaultCut {
			reset(r)
		}
		panic(http.ErrAbortHandler) // net/http's way to close the connection in mid-answer
	case FaultSlow:
		dribble(w, r, out)
	default:
		start(w, out, out.body.size())
		out.body.send(w, 0, out.body.size())
	}
}

func start(w http.ResponseWriter, out reply, length int64) {
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(out.status)
}

// sendPart promises the whole body, or one byte where there is none, and sends less.
func sendPart(w http.ResponseWriter, out reply, after int64) {
	length := max(out.body.size(), 1)
	cut := min(max(after, 0), length-1)
	if after == 0 {
		cut = length / 2
	}
	start(w, out, length)
	out.body.send(w, 0, min(cut, out.body.size()))
	_ = http.NewResponseController(w).Flush()
}

// dribble sends twenty pieces with a pause after each.
func dribble(w http.ResponseWriter, r *http.Request, out reply) {
	const pieces, pause = 20, 50 * time.Millisecond
	size := out.body.size()
	start(w, out, size)
	for from, piece := int64(0), size/pieces+1; from < size; from += piece {
		out.body.send(w, from, min(from+piece, size))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-time.After(pause):
		}
	}
}

// reset closes the connection so that the client sees a reset and not an end.
func reset(r *http.Request) {
	if conn, ok := r.Context().Value(connKey{}).(*net.TCPConn); ok {
		drained(conn)
		_ = conn.SetLinger(0)
	}
	panic(http.ErrAbortHandler)
}
