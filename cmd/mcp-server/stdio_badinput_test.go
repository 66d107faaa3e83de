package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"mcp-server/internal/emulator"
)

// rawPipe is the real server on standard input and output, without a client.
type rawPipe struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	log     *syncBuffer
}

func startPipe(t *testing.T, cloud *emulator.Emulator) *rawPipe {
	t.Helper()
	p := &rawPipe{log: &syncBuffer{}}
	p.process = exec.CommandContext(context.Background(), serverBinary(), "serve")
	p.process.Env = append(cloud.Environment(), "HOME="+t.TempDir(), sharedCache(), "TMPDIR="+shortTempDir(t), "HUAWEICLOUD_METADATA_ENDPOINT=off", dataDir(t.TempDir()))
	p.process.Stderr = p.log
	var err error
	if p.in, err = p.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReaderSize(out, 1<<20)
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.in.Close()
		_ = p.process.Process.Kill()
		_ = p.process.Wait()
	})
	return p
}

func (p *rawPipe) send(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
}

// answer reads the next line as ID CODE, with the code 0 for a result.
func (p *rawPipe) answer(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	var message struct {
		ID    json.RawMessage    `json:"id"`
		Error struct{ Code int } `json:"error"`
	}
	if err := json.Unmarshal([]byte(line), &message); err != nil {
		t.Fatalf("%v: %.200s", err, line)
	}
	return fmt.Sprintf("%s %d", message.ID, message.Error.Code)
}

// TestBadLinesOnStandardInput sends what no client should, and after each a good request: both are answered in order.
func TestBadLinesOnStandardInput(t *testing.T) {
	t.Parallel()
	p := startPipe(t, startCloud(t, emulator.Config{}))
	p.send(t, `{"jsonrpc":"2.0","id":"first","method":"ping"}`)
	if got := p.answer(t); got != `"first" 0` {
		t.Errorf("a ping before the handshake is answered by %s", got)
	}
	p.send(t, initializeMessage)
	if got := p.answer(t); got != "1 0" {
		t.Fatalf("initialize is answered by %s", got)
	}
	p.send(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	for n, tc := range []struct{ line, want string }{
		{`{"jsonrpc":"2.0","id":5,`, "null -32700"},
		{"\x00\xff\xfe", "null -32700"},
		{`"text"`, "null -32600"},
		{strings.Repeat("[", 100_000), "null -32700"},
		{strings.Repeat("x", 100<<20), "null -32600"},
		{`{"id":5,"method":"tools/list"}`, "5 -32600"},
		{`{"jsonrpc":"1.0","id":5,"method":"tools/list"}`, "5 -32600"},
		{`{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, "null -32600"},
		{`{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}`, "null -32600"},
		{`[{"jsonrpc":"2.0","id":5,"method":"ping"}]`, "null -32600"},
		{`{"jsonrpc":"2.0","id":5,"method":"tools/destroy"}`, "5 -32601"},
		{`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"x"}}`, "5 -32602"},
		{`{"jsonrpc":"2.0","id":5,"method":"resources/read","params":{"uri":"artifact://x/y"}}`, "5 -32002"},
		{`{"jsonrpc":"2.0","id":5,"method":"initialize","params":{"protocolVersion":"1999-01-01","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`, ""},
		{`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}`, ""},
		{`{"jsonrpc":"2.0","method":"notifications/unheard-of"}`, ""},
		{`{"jsonrpc":"2.0","id":99,"result":{}}`, ""},
		{"", ""},
	} {
		p.send(t, tc.line)
		if strings.Contains(tc.line, "1999") {
			p.answer(t) // by the latest revision or by an error, both are right
		} else if tc.want != "" {
			if got := p.answer(t); got != tc.want {
				t.Errorf("%.80q is answered by %s, want %s", tc.line, got, tc.want)
			}
		}
		id := fmt.Sprint(1000 + n)
		p.send(t, `{"jsonrpc":"2.0","id":`+id+`,"method":"tools/call","params":{"name":"artifact_list","arguments":{}}}`)
		if got := p.answer(t); got != id+" 0" {
			t.Fatalf("after %.80q a good request is answered by %s", tc.line, got)
		}
	}
}

// TestHalfALineOnStandardInput ends the pipe in the middle of a message, with a call in flight.
func TestHalfALineOnStandardInput(t *testing.T) {
	t.Parallel()
	cloud := startCloud(t, emulator.Config{}, emulator.Fault{Service: emulator.ServiceRFS, Kind: emulator.FaultSlow, Times: 1})
	p := startPipe(t, cloud)
	p.send(t, initializeMessage)
	p.answer(t)
	call := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"rfs_list_templates","arguments":{}}}`
	p.send(t, call)
	waitFor(t, "the call to run", func() bool { return len(cloud.Requests()) > 0 })
	p.send(t, call)
	if got := p.answer(t); got != "7 -32600" {
		t.Errorf("an id that is in flight is answered by %s", got)
	}
	if _, err := io.WriteString(p.in, `{"jsonrpc":"2.0","id":8,"meth`); err != nil {
		t.Fatal(err)
	}
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	answers := map[string]bool{p.answer(t): true, p.answer(t): true}
	if !answers["7 0"] || !answers["null -32700"] {
		t.Errorf("the call and the half line are answered by %v", answers)
	}
	if rest, err := io.ReadAll(p.out); err != nil || len(rest) > 0 {
		t.Errorf("then came %q, %v", rest, err)
	}
	if err := p.process.Wait(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, p.log)
	}
}
