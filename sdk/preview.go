package sdk

// Preview is the readable face of an artifact, made by the host from the content, in a bounded step of its own. Few of its
// fields are described in the schema: it is part of every tool that downloads, and the names say it.
type Preview struct {
	// Kind is what the content is by its bytes, and Summary one line of it for people.
	Kind    string `json:"kind" jsonschema:"enum=text,enum=zip,enum=xlsx,enum=binary"`
	Summary string `json:"summary"`
	// Text is the beginning of a text.
	Text string `json:"text,omitempty"`
	// Entries are the first files of a zip, of EntryCount.
	Entries    []Entry `json:"entries,omitempty"`
	EntryCount int     `json:"entry_count,omitempty"`
	// Sheets are the first sheets of a workbook.
	Sheets []Sheet `json:"sheets,omitempty"`
	// Truncated says that there is more than is shown.
	Truncated bool `json:"truncated,omitempty" jsonschema_description:"There is more; artifact_read reads it."`
	// Problem is what is wrong with the content, or why it is not shown.
	Problem string `json:"problem,omitempty" jsonschema_description:"What is wrong with the content, or why it is not shown."`
}

// Entry is one file inside a zip; its size is unpacked, in bytes.
type Entry struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	Encrypted bool   `json:"encrypted,omitempty"`
}

// Sheet is the beginning of one sheet of a workbook: its dimensions, and the header with the first rows.
type Sheet struct {
	Name    string     `json:"name"`
	Rows    int        `json:"rows"`
	Columns int        `json:"columns"`
	Head    [][]string `json:"head,omitempty" jsonschema_description:"Header and first rows."`
}
