//go:build race

package preview

// manyFiles is less than the bound: the race detector multiplies the child's memory.
const manyFiles = 50_000
