//go:build !linux || arm

package sdk

import "os"

// startWriteBack has no counterpart here: the system begins to write when it likes.
func startWriteBack(*os.File, int64, int64) {}
