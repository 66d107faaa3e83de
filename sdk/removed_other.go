//go:build !linux

package sdk

const canBeReadFromOutside = false
