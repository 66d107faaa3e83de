package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// The launcher answers in some milliseconds. One that does not is treated as one that cannot.
const probeTimeout = 2 * time.Second

// Probe asks the launcher, by running it once, what it can enforce. An empty path is a launcher that is not there.
func Probe(launcher string) Support {
	if runtime.GOOS != "linux" {
		return Support{Missing: "plugins are bounded on Linux only"}
	}
	if launcher == "" {
		return Support{Missing: "the launcher " + LauncherName + " is not beside the program: install it there, or build both with go run ./internal/build"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, launcher, "probe")
	cmd.WaitDelay = probeTimeout // for an output that a child of a foreign program keeps open
	cmd.Env = []string{}
	answer, err := cmd.Output()
	if err != nil {
		return Support{Missing: fmt.Sprintf("asking the launcher %s what it can enforce: %v", launcher, err)}
	}
	var support Support
	if err := json.Unmarshal(answer, &support); err != nil {
		return Support{Missing: fmt.Sprintf("reading the answer of the launcher %s: %v", launcher, err)}
	}
	return support
}
