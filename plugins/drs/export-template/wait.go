package main

import (
	"mcp-server/plugins/internal/huaweicloud"
	"mcp-server/sdk"
)

// checkAll refuses ids and names of at most most characters that cannot be one.
func checkAll(argument string, values []string, most int) error {
	for _, value := range values {
		if err := huaweicloud.CheckID(argument, value, most); err != nil {
			return err
		}
	}
	return nil
}

// chain reports the progress of an export from the first step to the last file. What comes may take any number of
// looks, so within a step the value rises by ever smaller parts.
type chain struct {
	call  *sdk.Call
	total float64
	done  float64
	looks float64
}

// step begins the next step.
func (c *chain) step(message string) {
	c.done, c.looks = c.done+1, 0
	c.call.Progress(c.done-1, c.total, message)
}

// wait reports another look within the step.
func (c *chain) wait(message string) {
	c.looks++
	c.call.Progress(c.done-1/(c.looks+1), c.total, message)
}

// bytes reports how much of a file has arrived within the step.
func (c *chain) bytes(done, total float64, message string) {
	if total > 0 {
		c.call.Progress(c.done-0.99+0.98*done/total, c.total, message) // between two steps, so that it rises
	}
}
