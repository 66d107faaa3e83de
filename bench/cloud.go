package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"mcp-server/internal/emulator"
)

// serveCloud runs the emulator until its input ends. What leads to it goes to out as one line of JSON.
func serveCloud(in io.Reader, out io.Writer, size int) error {
	e, err := emulator.Start(context.Background(), emulator.Config{ArchiveSize: size, JobDuration: time.Millisecond})
	if err != nil {
		return err
	}
	err = json.NewEncoder(out).Encode(cloud{Environment: e.Environment(), Token: e.Credentials().Token,
		Instance: e.Endpoint(emulator.ServiceROMA) + "/v2/" + emulator.ProjectID + "/instances/" + emulator.ROMAInstanceID})
	if err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	return errors.Join(err, e.Close())
}

// cloud is the emulator in a process of its own, so that its work is seen apart from its clients'.
type cloud struct {
	Environment []string
	Token       string
	Instance    string // URL of the ROMA instance

	process *exec.Cmd
	in      io.WriteCloser
}

func startCloud(size int) (*cloud, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &cloud{process: exec.CommandContext(context.Background(), self, "cloud", "-size", strconv.Itoa(size))}
	c.process.Stderr = os.Stderr
	if c.in, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(out).Decode(c); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the emulator: %w", err), c.close())
	}
	return c, nil
}

func (c *cloud) close() error { return errors.Join(c.in.Close(), c.process.Wait()) }

func (c *cloud) cpu() time.Duration { return watched(c.process.Process.Pid).cpu() }

// export makes a new archive, since each can be downloaded once, and returns its id.
func (c *cloud) export() (string, error) {
	var job struct {
		ID      string `json:"job_id"`
		Archive string `json:"archive_id"`
	}
	body := fmt.Sprintf(`{"apps":[{"id":%q}]}`, emulator.ROMAAppID)
	if err := c.ask(http.MethodPost, "/assets/export", body, &job); err != nil {
		return "", err
	}
	for range 1000 {
		if err := c.ask(http.MethodGet, "/assets/jobs/"+job.ID, "", &job); err != nil || job.Archive != "" {
			return job.Archive, err
		}
	}
	return "", errors.New("the export does not end")
}

func (c *cloud) archiveURL(id string) string { return c.Instance + "/assets/archives/" + id }

func (c *cloud) ask(method, path, body string, into any) error {
	r, err := http.NewRequestWithContext(context.Background(), method, c.Instance+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("X-Auth-Token", c.Token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s", method, path, response.Status, answer.String())
	}
	return json.Unmarshal(answer.Bytes(), into)
}
