package pluginfolder

import (
	"os"
	"time"
)

// Settled reports whether the binary is the file that was found, nobody has written to it for a moment, and, where the system tells, nobody
// has it open for writing, so that it is not half a copy. A time in the future says nothing, and counts as long ago.
func Settled(b Binary) bool {
	info, err := os.Stat(b.Path)
	if err != nil {
		return false
	}
	now := identityOf(info)
	if b.Identity != (Identity{}) && b.Identity != now {
		return false
	}
	last := now.Changed
	if last == 0 {
		last = now.Modtime
	}
	age := time.Duration(time.Now().UnixNano() - last)
	return (age < 0 || age >= quiet) && !isOpenForWriting(b.Path)
}
