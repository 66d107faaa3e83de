package emulator

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
)

// reply is a whole answer: faults need to know its length and end before the first byte leaves.
type reply struct {
	status int
	header http.Header
	body   payload
}

// jsonReply writes v the way the cloud does: no HTML escaping, no newline at the end.
func jsonReply(status int, v any) (reply, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return reply{}, fmt.Errorf("encoding the answer: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json;charset=UTF-8"}}
	return reply{status: status, header: header, body: plain(bytes.TrimRight(buffer.Bytes(), "\n"))}, nil
}

// fileReply hands out a file. The name goes through mime, which writes filename*=utf-8” when it is not ASCII.
func fileReply(name, mediaType string, body payload) reply {
	header := http.Header{
		"Content-Type":        {mediaType},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": name})},
	}
	return reply{status: http.StatusOK, header: header, body: body}
}

const (
	typeStream = "application/octet-stream"
	typeXLSX   = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typeZip    = "application/zip"
)

// requestIDHeader is the header in which a service names the request.
func requestIDHeader(service string) string {
	switch service {
	case ServiceIAM:
		return "X-IAM-Trace-Id"
	case ServiceOBS:
		return "x-obs-request-id"
	default:
		return "X-Request-Id"
	}
}

// newID returns 32 hexadecimal digits. Ids that the emulator makes up as it runs are random, so that two runs never
// hand out the same job or archive: a client may rightly remember an archive for ever.
func newID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: documented by crypto/rand
	return hex.EncodeToString(raw[:])
}

// newUUID returns a version 4 UUID.
func newUUID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:])
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[0:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}
