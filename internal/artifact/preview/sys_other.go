//go:build !linux

package preview

import "syscall"

// childAttributes has nothing to set: only Linux ends a child with its parent.
func childAttributes() *syscall.SysProcAttr { return nil }

// boundResources does nothing: here the collector's soft bound and the parent's patience are what there is.
func boundResources(bool) {}
