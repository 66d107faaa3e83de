package sdk

// Preview is the readable face of an artifact, made by the host from the content, in a bounded step of its own.
type Preview struct {
	Kind       string  `json:"kind" jsonschema:"enum=text,enum=zip,enum=xlsx,enum=binary" jsonschema_description:"What the content is, by its bytes."`
	Summary    string  `json:"summary" jsonschema_description:"One line for people."`
	Text       string  `json:"text,omitempty" jsonschema_description:"Beginning of a text."`
	Entries    []Entry `json:"entries,omitempty" jsonschema_description:"First files of a zip."`
	EntryCount int     `json:"entry_count,omitempty" jsonschema_description:"Files in the zip."`
	Sheets     []Sheet `json:"sheets,omitempty" jsonschema_description:"First sheets of a workbook."`
	Truncated  bool    `json:"truncated,omitempty" jsonschema_description:"There is more; artifact_read reads it."`
	Problem    string  `json:"problem,omitempty" jsonschema_description:"What is wrong with the content, or why it is not shown."`
}

// Entry is one file inside a zip.
type Entry struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	Encrypted bool   `json:"encrypted,omitempty"`
}

// Sheet is the beginning of one sheet of a workbook. Rows and Columns are its dimensions.
type Sheet struct {
	Name    string     `json:"name"`
	Rows    int        `json:"rows"`
	Columns int        `json:"columns"`
	Head    [][]string `json:"head,omitempty" jsonschema_description:"Header and first rows."`
}
