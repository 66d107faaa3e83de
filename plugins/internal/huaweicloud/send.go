package huaweicloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"mcp-server/sdk"
)

const (
	maxErrorBody = 64 << 10
	maxReplyBody = 16 << 20
)

// send sends a shot until it is answered with a status below 400, or 416 to a request for a part, or for good with an error, which
// is an [*sdk.Error] or the context's. What may be sent again, and when:
//   - any request that was surely not processed (429, or no connection), unless it is once-only;
//   - a GET, or a POST that only reads, also after 500, 502, 503, 504 and a broken connection;
//   - at most limits.retries times, after a growing pause or what Retry-After says, if the context and
//     limits.longPause leave the time;
//   - never after 401 or 403: repeated wrong signatures lock the key;
//   - never after a timeout, which has cost enough time by itself.
//
// The caller closes the body.
func (c *Client) send(ctx context.Context, s shot) (*http.Response, error) {
	if s.attempts == nil {
		s.attempts = new(int)
	}
	for attempt := 0; ; attempt++ {
		response, err := c.attempt(ctx, s)
		if err == nil && (response.StatusCode < 400 || s.ranged() && response.StatusCode == http.StatusRequestedRangeNotSatisfiable) {
			return response, nil
		}
		if ctx.Err() != nil {
			if response != nil {
				_ = response.Body.Close()
			}
			return nil, ctx.Err()
		}
		problem, again := c.problem(s, response, err)
		pause := c.pause(attempt, problem.RetryAfter)
		if !again || attempt >= c.limits.retries || pause > c.limits.longPause || !fits(ctx, pause) {
			return nil, problem
		}
		if err := c.sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// problem turns a failed attempt into an error and says whether it may be repeated.
func (c *Client) problem(s shot, response *http.Response, err error) (problem *sdk.Error, again bool) {
	if err != nil {
		if known, ok := errors.AsType[*sdk.Error](err); ok {
			return known, false
		}
		f := classify(err)
		return s.connectionError(err, f), f.again && (s.repeat == repeatAlways || s.repeat == repeatRejected && f.unsent)
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody)) // half an error body still says more than none
	_ = response.Body.Close()
	problem = c.reply(s, response, body).cloudError()
	if response.StatusCode == http.StatusUnauthorized && s.credential.refreshable {
		c.cache.forget(s.credential)
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return problem, s.repeat != repeatNever
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return problem, s.repeat == repeatAlways
	}
	return problem, false
}

// attempt sends a shot once. Redirects are the caller's business: net/http would show X-Auth-Token to another host.
func (c *Client) attempt(ctx context.Context, s shot) (*http.Response, error) {
	transport, done, err := c.roundTripper(s.fresh)
	if err != nil {
		return nil, err
	}
	ctx, watch := newWatch(ctx, s.wait, c.limits.stall, done)
	var connected, sent atomic.Bool // whatever the error looks like that follows
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }, WroteHeaders: func() { sent.Store(true) },
	})
	r, err := c.request(ctx, s)
	if err != nil {
		_ = watch.Close()
		return nil, err
	}
	*s.attempts++
	record := c.record(ctx, s, *s.attempts)
	response, err := c.roundTrip(transport, r)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		record.end(err)
		_ = watch.Close()
		switch {
		case sent.Load():
			err = sentError{err}
		case !connected.Load():
			err = unsentError{err}
		}
		return nil, err
	}
	record.replied(response)
	if !watch.follow(response.Body) {
		record.end(errNoAnswer)
		_ = watch.Close()
		return nil, errNoAnswer
	}
	response.Body = recorded{watch, record}
	if !s.buffer || response.StatusCode >= 400 {
		return response, nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReplyBody+1))
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("reading the reply: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

func (c *Client) request(ctx context.Context, s shot) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if len(s.body) > 0 {
		body = bytes.NewReader(s.body)
	}
	r, err := http.NewRequestWithContext(ctx, s.method, "https://host/", body)
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	u := *s.url
	r.URL, r.Host = &u, u.Host
	r.Header = s.header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	switch cred := s.credential; {
	case cred.token != "":
		r.Header.Set("X-Auth-Token", cred.token)
	case cred.ak != "":
		if cred.securityToken != "" {
			r.Header.Set("X-Security-Token", cred.securityToken)
		}
		sign(r, s.body, cred.ak, cred.sk, c.now())
	}
	r.Header.Set("User-Agent", userAgent)
	return r, nil
}

// pause is how long to wait before the next attempt: what the cloud asked for, or a jittered doubling.
func (c *Client) pause(attempt int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	full := c.limits.firstPause << attempt
	return full/2 + rand.N(full/2+1)
}

func fits(ctx context.Context, pause time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return !bounded || pause < time.Until(deadline)
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 && seconds <= 24*60*60 {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil && date.After(now) {
		return min(date.Sub(now), 24*time.Hour)
	}
	return 0
}
