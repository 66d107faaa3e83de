package transport

import (
	"cmp"
	"time"
)

// Limits bounds what clients can make a transport use. A zero value is the default that is named.
type Limits struct {
	// InFlight is how many requests of one standard input, or of all HTTP clients, run at once: 1024. One more is refused.
	InFlight int
	// InFlightPerCaller is how many of those over HTTP may be one caller's: 512.
	InFlightPerCaller int
	// LineBytes is how long a message on standard input may be: 64 MiB. A longer one is skipped and refused.
	LineBytes int
	// BodyBytes is how long the body of an HTTP request may be: 16 MiB.
	BodyBytes int64
	// MessageBytes is what the messages of all HTTP clients may take, from their first byte until they are answered and as
	// they are once decoded: 256 MiB, half of it for one caller. One more is refused for the moment.
	MessageBytes int64
	// WriteBytes is how much may wait for a client that does not read standard output before its calls wait too: 4 MiB.
	WriteBytes int
	// DrainGrace is how long calls may go on after standard input has ended, before they are cancelled: 30 seconds. A
	// script that pipes its requests gets its answers, and a crashed editor does not keep the server for longer.
	DrainGrace time.Duration
	// StopGrace is how long calls may go on after the context has ended, before they are cancelled: 2 seconds.
	StopGrace time.Duration
	// LastAnswers is how long the end waits for cancelled calls, and for a client that does not read: 5 seconds.
	LastAnswers time.Duration
	// SessionTTL ends an HTTP session to which its client has no connection, neither a stream nor one that waits for an
	// answer, and cancels its calls: 30 minutes.
	SessionTTL time.Duration
	// Sessions and SessionsPerCaller are how many HTTP sessions are kept: 10,000 and 1,000. One more ends the one that has
	// been idle for longest.
	Sessions, SessionsPerCaller int
	// Streams and StreamsPerCaller are how many streams may wait for notifications over HTTP: 10,000 and 1,000.
	Streams, StreamsPerCaller int
	// LogEvents and LogBytes are what one HTTP session keeps for a client that reconnects: 1,000 events, 4 MiB.
	LogEvents, LogBytes int
	// LogTotalBytes is what all sessions keep: 64 MiB.
	LogTotalBytes int64
	// KeepAlive is how often a silent event stream gets a comment: 15 seconds.
	KeepAlive time.Duration
	// WriteTimeout is how long one write to an HTTP client may take: 30 seconds.
	WriteTimeout time.Duration
	// Retry is after how long a client should come back to a stream that was closed early: 1 second.
	Retry time.Duration
	// BatchItems is how many messages a batch may hold: 100.
	BatchItems int
}

func (l Limits) withDefaults() Limits {
	l.InFlight = cmp.Or(l.InFlight, 1024)
	l.InFlightPerCaller = cmp.Or(l.InFlightPerCaller, 512)
	l.LineBytes = cmp.Or(l.LineBytes, 64<<20)
	l.BodyBytes = cmp.Or(l.BodyBytes, 16<<20)
	l.MessageBytes = cmp.Or(l.MessageBytes, 256<<20)
	l.WriteBytes = cmp.Or(l.WriteBytes, 4<<20)
	l.DrainGrace = cmp.Or(l.DrainGrace, 30*time.Second)
	l.StopGrace = cmp.Or(l.StopGrace, 2*time.Second)
	l.LastAnswers = cmp.Or(l.LastAnswers, 5*time.Second)
	l.SessionTTL = cmp.Or(l.SessionTTL, 30*time.Minute)
	l.Sessions = cmp.Or(l.Sessions, 10_000)
	l.SessionsPerCaller = cmp.Or(l.SessionsPerCaller, 1000)
	l.Streams = cmp.Or(l.Streams, 10_000)
	l.StreamsPerCaller = cmp.Or(l.StreamsPerCaller, 1000)
	l.LogEvents = cmp.Or(l.LogEvents, 1000)
	l.LogBytes = cmp.Or(l.LogBytes, 4<<20)
	l.LogTotalBytes = cmp.Or(l.LogTotalBytes, 64<<20)
	l.KeepAlive = cmp.Or(l.KeepAlive, 15*time.Second)
	l.WriteTimeout = cmp.Or(l.WriteTimeout, 30*time.Second)
	l.Retry = cmp.Or(l.Retry, time.Second)
	l.BatchItems = cmp.Or(l.BatchItems, 100)
	return l
}
