package artifact

import "golang.org/x/sys/windows"

// freeSpace is how many bytes the user may still write to the disk of a folder.
func freeSpace(folder string) (bytes uint64, known bool) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(path, &bytes, nil, nil)
	return bytes, err == nil
}
