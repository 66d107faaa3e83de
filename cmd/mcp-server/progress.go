package main

import (
	"fmt"
	"io"

	"mcp-server/internal/host"
)

// progressLines prints progress as plain lines, one for each message or ten percent.
type progressLines struct {
	out     io.Writer
	message string
	percent int
}

func newProgressLines(out io.Writer) *progressLines { return &progressLines{out: out} }

func (p *progressLines) print(now host.Progress) {
	percent := 0
	if now.Total > 0 {
		percent = int(100 * now.Done / now.Total)
	}
	if now.Message == p.message && percent/10 == p.percent/10 {
		return
	}
	p.message, p.percent = now.Message, percent
	if now.Total > 0 {
		_, _ = fmt.Fprintf(p.out, "%3d%%  %s\n", percent, now.Message) // progress nobody can read is no failure
		return
	}
	_, _ = fmt.Fprintf(p.out, "      %s\n", now.Message)
}
