package sdk

// canBeReadFromOutside says that a host reads a file of this process by its descriptor (/proc/<pid>/fd).
const canBeReadFromOutside = true
