package trial

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"mcp-server/internal/pluginv1"
	"mcp-server/internal/supervisor/visible"
	"mcp-server/sdk"
)

// take checks a file that the plugin hands over, and answers as a host that has taken it.
func (g *goodCall) take(e *pluginv1.File) (*pluginv1.FileReply, error) {
	shown := visible.Quote(e.GetPath(), 100)
	if g.staging == "" {
		return nil, errors.New("it hands over a file, but the tool is not described with stores_files")
	}
	if !filepath.IsLocal(e.GetPath()) {
		return nil, fmt.Errorf("the file %s is handed over by a path that is not below the call's folder; give it relative to that", shown)
	}
	sum, size, err := digest(g.staging, e.GetPath())
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the file %s that it hands over: %w", shown, err)
	case size != e.GetSize():
		return nil, fmt.Errorf("the file %s has %d bytes, not %d; hand it over when it is closed or synced", shown, size, e.GetSize())
	case !bytes.Equal(sum, e.GetSha256()):
		return nil, fmt.Errorf("the SHA-256 of the file %s is %x, not %x; send its 32 bytes", shown, sum, e.GetSha256())
	}
	path := filepath.Join(g.staging, e.GetPath())
	if e.GetPartial() {
		return &pluginv1.FileReply{Reply: &pluginv1.FileReply_KeptPath{KeptPath: path}}, nil
	}
	a := sdk.Artifact{
		URI:  "artifact://" + hex.EncodeToString(sum[:16]) + "/" + url.PathEscape(filepath.Base(e.GetName())),
		Name: e.GetName(), MediaType: e.GetMediaType(), Size: size, SHA256: hex.EncodeToString(sum), Path: path,
	}
	if err := json.Unmarshal(e.GetSource(), &a.Source); err != nil {
		return nil, fmt.Errorf("the source of the file %s is no JSON object: %w", shown, err)
	}
	answer, err := json.Marshal(a)
	return &pluginv1.FileReply{Reply: &pluginv1.FileReply_Artifact{Artifact: answer}}, err
}

// digest reads a regular file below a folder, whatever links lead out of it.
func digest(folder, name string) (sum []byte, size int64, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = root.Close() }() // read only
	info, err := root.Lstat(name)
	if err != nil {
		return nil, 0, err
	}
	if info.Mode().Type() != fs.FileMode(0) {
		return nil, 0, errors.New("it is not a regular file")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }() // read only
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return hash.Sum(nil), size, err
}
