// Package pluginfolder knows the files of a plugins folder: which are plugins, what they are known to offer, which of them may
// run by the lock file, and when something changes. It runs nothing. Start reading at [Discover].
package pluginfolder
