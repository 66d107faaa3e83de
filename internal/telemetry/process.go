package telemetry

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// begun is about when the process began.
var begun = time.Now()

// processFamilies are what every scraper expects to find of a Go program, under the usual names.
func processFamilies() []family {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	families := []family{
		{"go_info", "gauge", "Information about the Go environment.", []series{{labels: []string{`version="` + runtime.Version() + `"`}, value: 1}}},
		single("go_goroutines", "gauge", "Goroutines that exist now.", float64(runtime.NumGoroutine())),
		single("go_memstats_alloc_bytes", "gauge", "Bytes of heap objects that are in use or not yet swept.", float64(memory.Alloc)),
		single("go_memstats_heap_inuse_bytes", "gauge", "Bytes of heap spans that are in use.", float64(memory.HeapInuse)),
		single("go_memstats_sys_bytes", "gauge", "Bytes of memory from the system.", float64(memory.Sys)),
		single("go_memstats_mallocs_total", "counter", "Heap objects that were made.", float64(memory.Mallocs)),
		single("go_gc_cycles_total_gc_cycles_total", "counter", "Collections that have ended.", float64(memory.NumGC)),
		single("process_start_time_seconds", "gauge", "When the process began, in seconds of Unix time.", float64(begun.UnixMilli())/1000),
	}
	return append(families, systemFamilies()...)
}

// systemFamilies are read from /proc; there are none where that is missing.
func systemFamilies() []family {
	var families []family
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			size, _ := strconv.ParseFloat(fields[0], 64) // the kernel's own
			resident, _ := strconv.ParseFloat(fields[1], 64)
			page := float64(os.Getpagesize())
			families = append(families,
				single("process_virtual_memory_bytes", "gauge", "Virtual memory in bytes.", size*page),
				single("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", resident*page))
		}
	}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		families = append(families, single("process_open_fds", "gauge", "Open file descriptors.", float64(len(entries)-1))) // one reads
	}
	if seconds, known := processorTime(); known {
		families = append(families, single("process_cpu_seconds_total", "counter", "User and system processor time in seconds.", seconds))
	}
	return families
}

func single(name, kind, help string, value float64) family {
	return family{name, kind, help, []series{{value: value}}}
}
