package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// firstCollection is how large the heap may grow before it is collected for the first time, in percent of 4 MB.
const firstCollection = 400

// putOffCollection lets the heap grow to 16 MB before the first collection, which Go begins at 4 MB: just what a start allocates,
// nearly all of it to stay, so that collecting would take a fifth of the start and free nothing. From the first collection
// on all is as usual. GOGC, where it is set, has the last word.
func putOffCollection() {
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(firstCollection)
	witness := new(*int) // a pointer, because tiny objects without are kept together with others
	runtime.AddCleanup(witness, func(percent int) { debug.SetGCPercent(percent) }, usual)
}
