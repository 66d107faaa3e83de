package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestCallersHaveLimits goes beyond the rate and the number of calls that callers have, and shows that others are not
// affected.
func TestCallersHaveLimits(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "fast", "rate: 6"), caller(t, "wide", "concurrency: 2"), caller(t, "ann"))})
	refused := httpAnswer{}
	for range 15 {
		if a := s.post(t, "fast", initializeMessage); a.status != http.StatusOK {
			refused = a
		}
	}
	if after, err := strconv.Atoi(refused.header.Get("Retry-After")); refused.status != http.StatusTooManyRequests || err != nil || after < 1 {
		t.Errorf("too many calls are answered by %d %s, Retry-After %d", refused.status, refused.body, after)
	}
	wide := s.as(t, "wide")
	s.cloud.SetFaults(hanging)
	for range 2 {
		s.begin(t, wide)
	}
	headers := s.session(t, "ann")
	if a := s.post(t, "wide", initializeMessage); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("one call too many is answered by %d %s", a.status, a.body)
	}
	s.cloud.SetFaults()
	const call = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"roma_list_instances","arguments":{}}}`
	if a := s.request(t, http.MethodPost, s.url+"/mcp", call, headers...); a.status != http.StatusOK || strings.Contains(a.body, `"isError":true`) {
		t.Errorf("another caller is answered by %d %s", a.status, a.body)
	}
}

// TestSizesAreBounded sends too much.
func TestSizesAreBounded(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{})
	before := memory(t, s.process.Process.Pid, "VmRSS")
	for name, tc := range map[string]struct {
		body    io.Reader
		length  int64
		header  string
		allowed []int
	}{
		"100 MB, said":        {io.LimitReader(endless{}, 100<<20), 100 << 20, "", []int{413}},
		"100 MB, in chunks":   {io.LimitReader(endless{}, 100<<20), -1, "", []int{413}},
		"a header of 1 MB":    {strings.NewReader("{}"), 2, strings.Repeat("x", 1<<20), []int{431}},
		"less than was said":  {strings.NewReader("{"), 10, "", []int{400}},
		"a body at the limit": {io.LimitReader(endless{}, 8<<20), 8 << 20, "", []int{400}},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/mcp", tc.body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = tc.length
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Long", tc.header)
		answer, err := s.client.Do(r)
		if err != nil {
			if name != "less than was said" && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) { // cut while it was sent
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		_ = answer.Body.Close()
		if fmt.Sprint(tc.allowed) != fmt.Sprint([]int{answer.StatusCode}) {
			t.Errorf("%s: answered by %d", name, answer.StatusCode)
		}
	}
	grown := memory(t, s.process.Process.Pid, "VmRSS") - before
	t.Logf("the server has grown by %d KiB", grown)
	if grown > 96<<10 {
		t.Errorf("the server has grown by %d KiB", grown)
	}
	s.stillAnswers(t)
}

// endless is as long as is read.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestSlowClientsHoldNothingUp has clients that stop in the middle of everything, while others are served. That they are
// cut in the end, the tests of internal/web show; here a slow header is, whose time is the shortest.
func TestSlowClientsHoldNothingUp(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{})
	slow := s.connect(t, "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
	for range 50 {
		s.connect(t, "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	}
	headers := s.session(t, "")
	get := "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nMcp-Session-Id: " + headers[1] + "\r\n\r\n"
	for range 10 { // each takes the stream of the one before over, and none reads
		s.connect(t, get)
	}
	s.stillAnswers(t)
	if answer, err := io.ReadAll(slow); err != nil || len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
		t.Errorf("a slow header was answered by %q, %v", answer, err)
	}
	s.stillAnswers(t)
}

// TestEventStreamThatNobodyReads has many answers wait for a client that reads none: the server goes on for others, and
// keeps a bounded part.
func TestEventStreamThatNobodyReads(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann", "rate: 600000", "concurrency: 1000"))})
	headers := s.session(t, "ann")
	request := "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
	for i := 0; i+1 < len(headers); i += 2 {
		request += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	before := memory(t, s.process.Process.Pid, "VmRSS")
	for n := range 200 {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, n+10)
		c := s.connect(t, request+"Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(1)
		}
	}
	if a := s.request(t, http.MethodPost, s.url+"/mcp", `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`, headers...); a.status != http.StatusOK {
		t.Errorf("beside them a request is answered by %d %s", a.status, a.body)
	}
	grown := memory(t, s.process.Process.Pid, "VmRSS") - before
	t.Logf("the server has grown by %d KiB", grown)
	if grown > 100<<10 {
		t.Errorf("the server has grown by %d KiB", grown)
	}
}

// goroutines are those of the server.
func (s *team) goroutines(t *testing.T) int {
	t.Helper()
	for line := range strings.Lines(s.request(t, http.MethodGet, s.metrics+"/metrics", "").body) {
		if text, found := strings.CutPrefix(line, "go_goroutines "); found {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("the metrics do not say how many goroutines there are")
	return 0
}

// visits are the ways in which a client comes and goes.
var visits = []func(s *team, c *http.Client, token string) error{
	(*team).visitAndEnd, (*team).visitAndLeave, (*team).visitAndListen, (*team).visitWithoutSession, (*team).visitHalf,
}

// visit sends one request and returns the session of its answer.
func (s *team) visit(c *http.Client, method, token, body string, headers ...string) (session string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, s.url+"/mcp", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	headers = append(headers, "Authorization", "Bearer "+token, "Content-Type", "application/json", "Accept", "application/json, text/event-stream")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		return "", err
	}
	if method != http.MethodGet { // a stream that stays open is left in the middle
		_, err = io.Copy(io.Discard, answer.Body)
	}
	if answer.StatusCode >= 300 {
		err = errors.Join(err, fmt.Errorf("%s is answered by %s", method, answer.Status))
	}
	return answer.Header.Get("Mcp-Session-Id"), errors.Join(err, answer.Body.Close())
}

func (s *team) visitAndEnd(c *http.Client, token string) error {
	session, err := s.visit(c, http.MethodPost, token, initializeMessage)
	if err != nil {
		return err
	}
	_, err = s.visit(c, http.MethodDelete, token, "", "Mcp-Session-Id", session)
	return err
}

func (s *team) visitAndLeave(c *http.Client, token string) error {
	_, err := s.visit(c, http.MethodPost, token, initializeMessage)
	return err
}

func (s *team) visitAndListen(c *http.Client, token string) error {
	session, err := s.visit(c, http.MethodPost, token, initializeMessage)
	if err != nil {
		return err
	}
	_, err = s.visit(c, http.MethodGet, token, "", "Mcp-Session-Id", session)
	return err
}

func (s *team) visitWithoutSession(c *http.Client, token string) error {
	_, err := s.visit(c, http.MethodPost, token, modernMessage(1, "server/discover", ""), "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "server/discover")
	return err
}

// visitHalf ends the connection in the middle of a request.
func (s *team) visitHalf(_ *http.Client, token string) error {
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\"", token)
	return errors.Join(err, c.Close())
}

// come has clients connect and disconnect, each on a connection of its own.
func (s *team) come(t *testing.T, times int) {
	t.Helper()
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for n := range next {
				c := &http.Client{Transport: &http.Transport{}}
				if err := visits[n%len(visits)](s, c, tokenOf("ann")); err != nil {
					t.Errorf("visit %d: %v", n, err)
				}
				c.CloseIdleConnections()
			}
		})
	}
	for n := range times {
		next <- n
	}
	close(next)
	all.Wait()
}

// TestTenThousandVisitsLeaveNothing connects and disconnects clients in every way. What abandoned sessions keep is bounded,
// so the first of them are not counted.
func TestTenThousandVisitsLeaveNothing(t *testing.T) {
	t.Parallel()
	s := startTeam(t, teamOptions{access: callers(caller(t, "ann", "rate: 10000000", "concurrency: 1000"))})
	s.come(t, 3500) // of which 1,400 leave a session; the server keeps 1,000
	pid := s.process.Process.Pid
	settled := func(most int) int {
		n := 0
		waitFor(t, "the goroutines of connections to end", func() bool { n = s.goroutines(t); return n <= most })
		return n
	}
	goroutines, rss, files := settled(200), memory(t, pid, "VmRSS"), openFiles(t, pid)
	s.come(t, 10_000)
	after := settled(goroutines + 20)
	grown := memory(t, pid, "VmRSS") - rss
	t.Logf("%d goroutines and %d KiB before, %d more and %d KiB more after", goroutines, rss, after-goroutines, grown)
	if grown > 30<<10 {
		t.Errorf("the server has grown by %d KiB", grown)
	}
	waitFor(t, "the connections to be closed", func() bool { return openFiles(t, pid) <= files+20 })
}

func openFiles(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
