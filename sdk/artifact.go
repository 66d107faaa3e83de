package sdk

// Artifact is a file in the host's store, complete, synced and checksummed. A tool that downloads returns its artifacts
// in a field named "artifacts"; the host then adds a resource link for each to the result.
type Artifact struct {
	// URI is artifact://<id>/<file name>; the id is the first half of SHA256.
	URI       string `json:"uri" jsonschema:"format=uri" jsonschema_description:"Identifies the stored file, for artifact_read."`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is in hexadecimal.
	SHA256 string `json:"sha256"`
	Path   string `json:"path" jsonschema_description:"The file on the host's disk."`
	Source Origin `json:"source"`
	// Preview is nil where nobody made one.
	Preview *Preview `json:"preview,omitempty" jsonschema_description:"What is in it."`
}

// Origin says where an artifact came from.
type Origin struct {
	// Operation is the API operation that returned the content, and IDs what it was called with.
	Operation string            `json:"operation"`
	IDs       map[string]string `json:"ids,omitempty"`
	// RequestID is the cloud's id of the request.
	RequestID string `json:"request_id,omitempty"`
}
