// Package trial puts the binary of a plugin, written in any language, through what a host has to survive of it, and says
// what it fails and how to mend that. It starts the binary itself, with a launcher as small as can be, so that nothing of
// the host's own care hides a fault. Start reading at [Run].
package trial
