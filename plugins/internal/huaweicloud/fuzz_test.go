package huaweicloud

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// checkLine fails the test if a text is not fit for one line of a message.
func checkLine(t *testing.T, what, s string, most int) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || utf8.RuneCountInString(s) > most {
		t.Errorf("%s is not a clean line of %d characters: %q", what, most, s)
	}
}

func FuzzErrorBody(f *testing.F) {
	for _, test := range errorCases {
		f.Add([]byte(test.body), test.status)
	}
	f.Add([]byte(`{"error":{"error":{"error":{}}}}`), 400)
	f.Add([]byte(strings.Repeat(`{"error":`, 1000)), 500)
	f.Add([]byte("<a"+strings.Repeat("<b>", 1000)), 500)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		e := reply{
			service: DRS, operation: "Operation", status: status, header: http.Header{}, body: body, now: testNow,
			credential: credential{ak: testAK, sk: testSK, origin: "x"},
		}.cloudError()
		checkLine(t, "the message", e.Message, 2500)
		if e.Code == "" || !strings.HasSuffix(e.Message, ".") {
			t.Errorf("got %+v", e)
		}
	})
}

func FuzzContentDisposition(f *testing.F) {
	for _, header := range []string{
		`attachment; filename="a.zip"`, `attachment; filename*=UTF-8''%E6%A8%A1.zip`, `filename=%ff%fe`, "filename=\"\\", `filename="=?UTF-8?B?5qih?="`,
		`filename="../../x"`, "filename=\xff\x00", `filename*=utf-8''..%2f..%2fx`,
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		name := fileName(header, Download{Name: "fallback", NameFromHeader: true})
		checkLine(t, "the name", name, 200)
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\<>:"|?*`) || len(name) > 200 {
			t.Errorf("got %q", name)
		}
	})
}

// inMemory is a written file for [identify].
type inMemory struct{ *bytes.Reader }

func (m inMemory) Size() int64 { return m.Reader.Size() }

func FuzzIdentify(f *testing.F) {
	whole := zipOf(f, "a.json", "{}", "dir/模板.tf", "x", "../../evil", "y")
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole[:len(whole)/2])
	f.Add(xlsxOf(f))
	f.Add([]byte("PK\x05\x06"))
	f.Add([]byte("{\"a\":1}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		found, err := identify(inMemory{bytes.NewReader(content)})
		if err != nil {
			return
		}
		if found.kind == KindAny || len(found.head) > maxHead {
			t.Errorf("got %s with %d bytes of the beginning", found.kind, len(found.head))
		}
	})
}
