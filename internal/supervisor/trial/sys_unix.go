//go:build unix

package trial

// searchPath is where a script's interpreter is looked for, as a host has it.
const searchPath = "PATH=/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"

// shortTempDir is the temporary folder, or /tmp when that is too long for a socket's path, which has about 100 bytes.
func shortTempDir(dir string) string {
	if len(dir) > 48 {
		return "/tmp"
	}
	return dir
}
