//go:build !unix

package egress

import "time"

// cpu is the processor time that this process has used; nobody measures it here.
func cpu() time.Duration { return 0 }
