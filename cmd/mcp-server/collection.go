package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// firstCollection is how large the heap may grow before it is collected for the first time, in percent of 4 MB.
const firstCollection = 200

// putOffCollection lets the heap grow to 8 MB before the first collection. Go begins it at 4 MB, which falls into the middle of
// a start and takes a tenth of its time. From the first collection on all is as usual, so that memory in use stays what it
// was. GOGC, where it is set, has the last word.
func putOffCollection() {
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(firstCollection)
	witness := new(*int) // a pointer, because tiny objects without are kept together with others
	runtime.AddCleanup(witness, func(percent int) { debug.SetGCPercent(percent) }, usual)
}
