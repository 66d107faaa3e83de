//go:build !linux

package pluginfolder

func isOpenForWriting(string) bool { return false }
