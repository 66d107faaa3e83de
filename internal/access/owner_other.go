//go:build !unix

package access

import "os"

// ownerOf knows nothing here: a file's mode and owner do not tell who may read it.
func ownerOf(os.FileInfo) (uid int, known bool) { return 0, false }
