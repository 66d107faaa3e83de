package emulator

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"
)

// Config is copied by Start. The zero value is ready to use.
type Config struct {
	// Addr is where the services listen, "127.0.0.1:0" when empty. With a port other than 0 the services take that
	// port and the next ones, in the order HTAP, DRS, RFS, ROMA, IAM, OBS.
	Addr string
	// AllowRemote accepts an Addr that is not loopback. Whoever reaches it reads all that the emulator holds.
	AllowRemote bool
	// Logger gets one line per request: service, method, path without its query, status, request id. Nil: nothing.
	Logger *slog.Logger
	// Clock is the time by which jobs end and tokens and links expire; many goroutines call it. Nil: time.Now.
	Clock func() time.Time
	// JobDuration is how long an asynchronous job takes by Clock. 0: 600 ms.
	JobDuration time.Duration
	// LinkTTL is how long a pre-signed link is valid by Clock; a link counts whole seconds. 0: 5 minutes.
	LinkTTL time.Duration
	// TokenTTL is how long an IAM token is valid by Clock. 0: 24 hours.
	TokenTTL time.Duration
	// PageSize is the number of items per page of an RFS list whose request has no limit. 0: 2, so that paging happens.
	PageSize int
	// ThrottleEvery answers every n-th request to HTAP, DRS, RFS and ROMA together with 429. 0: never.
	ThrottleEvery int
	// ArchiveSize is how many incompressible bytes a ROMA package carries besides its few text files. 0: 256 KiB. They are made while
	// they are sent, so an archive of many gigabytes takes no more memory than a small one; beyond 1 MiB they repeat.
	ArchiveSize int
}

// prepare fills in the defaults and refuses what cannot work.
func (c Config) prepare() (Config, error) {
	for name, value := range map[string]int64{
		"JobDuration": int64(c.JobDuration), "LinkTTL": int64(c.LinkTTL), "TokenTTL": int64(c.TokenTTL),
		"PageSize": int64(c.PageSize), "ThrottleEvery": int64(c.ThrottleEvery), "ArchiveSize": int64(c.ArchiveSize),
	} {
		if value < 0 {
			return c, fmt.Errorf("%s must not be negative, got %d", name, value)
		}
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.JobDuration = orDefault(c.JobDuration, 600*time.Millisecond)
	c.LinkTTL = orDefault(c.LinkTTL, 5*time.Minute)
	c.TokenTTL = orDefault(c.TokenTTL, 24*time.Hour)
	c.PageSize = orDefault(c.PageSize, 2)
	c.ArchiveSize = orDefault(c.ArchiveSize, 256<<10)
	return c, c.checkAddr()
}

func orDefault[T int | time.Duration](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

// checkAddr keeps a typing mistake such as ":8080" from opening the emulator to the network.
func (c Config) checkAddr() error {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("reading the address %q: %w", c.Addr, err)
	}
	if number, err := strconv.Atoi(port); err != nil || number < 0 || number > 65535 {
		return fmt.Errorf("reading the address %q: the port must be a number from 0 to 65535", c.Addr)
	}
	if c.AllowRemote || host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("the address %q is not loopback: use 127.0.0.1, [::1] or localhost, "+
			"or set AllowRemote to let other machines in", c.Addr)
	}
	return nil
}

// addrOf returns the address of the n-th service: the same port 0 for all, or consecutive ports.
func (c Config) addrOf(n int) string {
	host, port, _ := net.SplitHostPort(c.Addr)
	if number, _ := strconv.Atoi(port); number != 0 {
		port = strconv.Itoa(number + n)
	}
	return net.JoinHostPort(host, port)
}
