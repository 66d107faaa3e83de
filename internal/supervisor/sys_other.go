//go:build !linux

package supervisor

func limitProcess(int) {}

func withholdFiles() {}
