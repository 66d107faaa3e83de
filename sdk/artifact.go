package sdk

// Artifact is a file in the host's store, complete, synced and checksummed. A tool that downloads returns its artifacts
// in a field named "artifacts"; the host then adds a resource link for each to the result.
type Artifact struct {
	URI       string `json:"uri" jsonschema:"format=uri" jsonschema_description:"Identifies the stored file: artifact://<id>/<file name>."`
	Name      string `json:"name" jsonschema_description:"File name."`
	MediaType string `json:"media_type" jsonschema_description:"Media type of the content."`
	Size      int64  `json:"size" jsonschema_description:"Size in bytes."`
	SHA256    string `json:"sha256" jsonschema_description:"SHA-256 of the content, in hexadecimal."`
	Path      string `json:"path" jsonschema_description:"The file on the host's disk."`
	Source    Origin `json:"source" jsonschema_description:"Where the content came from."`
	// Preview is nil where nobody made one.
	Preview *Preview `json:"preview,omitempty" jsonschema_description:"What is in it."`
}

// Origin says where an artifact came from.
type Origin struct {
	Operation string            `json:"operation" jsonschema_description:"The API operation that returned the content."`
	IDs       map[string]string `json:"ids,omitempty" jsonschema_description:"The ids the operation was called with."`
	RequestID string            `json:"request_id,omitempty" jsonschema_description:"The cloud's id of the request."`
}
