//go:build !race

package preview

const manyFiles = maxEntries
