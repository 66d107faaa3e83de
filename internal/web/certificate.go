package web

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

const certificateEvery = time.Second

// certificate is a TLS certificate that is read again when its files change; while the new files do not fit, as in the
// middle of an exchange, the old one counts.
type certificate struct {
	certPath, keyPath string
	logger            *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	files   [2]os.FileInfo // as they were when they were read
	looked  time.Time
}

func newCertificate(certPath, keyPath string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certPath: certPath, keyPath: keyPath, logger: logger}
	return c, c.read(c.stat())
}

func (c *certificate) stat() (files [2]os.FileInfo) {
	for i, path := range []string{c.certPath, c.keyPath} {
		files[i], _ = os.Stat(path) // nil when it is not there, which reading explains
	}
	return files
}

func (c *certificate) read(files [2]os.FileInfo) error {
	c.looked, c.files = time.Now(), files
	pair, err := tls.LoadX509KeyPair(c.certPath, c.keyPath)
	if err != nil {
		return fmt.Errorf("reading the TLS certificate %s and its key %s: %w", c.certPath, c.keyPath, err)
	}
	c.current = &pair
	return nil
}

// get is the tls.Config's GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < certificateEvery {
		return c.current, nil
	}
	c.looked = time.Now()
	files := c.stat()
	for i, info := range files {
		if same(info, c.files[i]) {
			continue
		}
		if err := c.read(files); err != nil {
			c.logger.Error("the TLS certificate was changed and cannot be used; the one before still counts", "error", err)
		} else {
			c.logger.Info("the TLS certificate was read again")
		}
		break
	}
	return c.current, nil
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
