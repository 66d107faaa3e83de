package artifact

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// temporaryPrefix begins the name of a file that writeFile has not renamed yet.
const temporaryPrefix = ".new-"

// isTemporary says whether a name is one of writeFile's. The metadata of a file "new-1" has a suffix.
func isTemporary(name string) bool {
	digits, found := strings.CutPrefix(name, temporaryPrefix)
	return found && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// isLeftover says that nobody is writing a temporary file any more.
func isLeftover(info os.FileInfo) bool {
	return isTemporary(info.Name()) && info.Mode().IsRegular() && time.Since(info.ModTime()) > inUse
}

// leftovers returns the temporary files and empty folders of hosts that were killed. A folder is empty for a moment while
// something is stored, so they are removed only while others are excluded.
func (s *Store) leftovers() []string {
	var found []string
	for _, pattern := range []string{"artifacts/*", "artifacts/*/" + temporaryPrefix + "*", "once/" + temporaryPrefix + "*"} {
		for _, path := range s.glob(pattern) {
			info, err := os.Lstat(path)
			if err == nil && (isLeftover(info) || info.IsDir() && isID(info.Name()) && isEmpty(path)) {
				found = append(found, path)
			}
		}
	}
	return found
}

// glob returns the paths below the data folder that fit a well-formed pattern with slashes. The data folder's own name may
// look like a pattern, which filepath.Glob would take for one.
func (s *Store) glob(pattern string) []string {
	names, _ := fs.Glob(os.DirFS(s.dir), pattern) // only a malformed pattern is an error
	for n, name := range names {
		names[n] = filepath.Join(s.dir, filepath.FromSlash(name))
	}
	return names
}

func isEmpty(folder string) bool {
	f, err := os.Open(folder)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read
	names, _ := f.Readdirnames(1)
	return len(names) == 0
}

// isID says whether a name is an artifact's id or a case's key: 32 hexadecimal digits.
func isID(name string) bool {
	return len(name) == 32 && strings.Trim(name, "0123456789abcdef") == ""
}
