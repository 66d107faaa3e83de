package artifact

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mcp-server/sdk"
)

// State is how far a once-only download has come.
type State string

// The states. A case that nobody holds is in one of the last five, or will be concluded by the next who looks at it.
const (
	StateClaimed   State = "claimed"   // the one request may have been sent
	StateReceiving State = "receiving" // its reply has begun
	StateStored    State = "stored"    // the content is in the store
	StateLost      State = "lost"      // the content did not arrive whole, or nobody knows
	StateReleased  State = "released"  // the source did not count the request; another may be sent
	StateRemoved   State = "removed"   // the content was in the store, and a person has removed it
	StateDamaged   State = "damaged"   // the journal cannot be read from its first line on
)

// Kept is a file that holds what arrived of a download.
type Kept struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Gone says that somebody has removed it.
	Gone bool `json:"gone,omitempty"`
}

// event is one line of a journal: what happened, and what became known with it.
type event struct {
	Time   time.Time `json:"time"`
	State  State     `json:"state"`
	Call   string    `json:"call,omitempty"`
	Name   string    `json:"name,omitempty"`
	Type   string    `json:"media_type,omitempty"`
	WayOn  string    `json:"way_on,omitempty"`
	Length *int64    `json:"length,omitempty"`
	// Source is there when State is claimed or receiving.
	Source *sdk.Origin `json:"source,omitempty"`
	URI    string      `json:"uri,omitempty"`
	Kept   []Kept      `json:"kept,omitempty"`
	Reason string      `json:"reason,omitempty"`
}

// Case is what the journal knows of one once-only download.
//
// The journal is a file of JSON lines, one for each event, the oldest first. It is replaced as a whole, synced, at every
// event, so that a crash leaves the old lines or all. Reading stops at the first line that is not whole: what was cut off
// counts as not known, and a journal that has no whole line says that a request may have been sent.
type Case struct {
	// Key is a hash of the operation and its ids.
	Key   string `json:"key"`
	State State  `json:"state"`
	// Since is when the case came into its state, Claimed when the last request was allowed.
	Since   time.Time `json:"since,omitzero"`
	Claimed time.Time `json:"claimed_at,omitzero"`
	// Call is the id of the call that had the claim last.
	Call string `json:"call,omitempty"`
	// Name, MediaType and Source describe the content.
	Name      string     `json:"name,omitempty"`
	MediaType string     `json:"media_type,omitempty"`
	Source    sdk.Origin `json:"source,omitzero"`
	// WayOn is what a caller can do when the content is lost.
	WayOn string `json:"way_on,omitempty"`
	// Length is how many bytes the reply announced; negative when that is not known.
	Length int64 `json:"length"`
	// URI is the content in the store.
	URI string `json:"uri,omitempty"`
	// Kept are the files that hold what arrived of a lost download.
	Kept []Kept `json:"kept,omitempty"`
	// Earlier are the files that hold what arrived at earlier requests.
	Earlier []Kept `json:"earlier,omitempty"`
	// Reason says why a case is lost or released.
	Reason string `json:"reason,omitempty"`
}

// caseKey names a once-only download. Whoever asks for the same operation and ids is after the same content.
func caseKey(source sdk.Origin) string {
	encoded, err := json.Marshal(struct {
		Operation string            `json:"operation"`
		IDs       map[string]string `json:"ids"` // sorted by the encoder
	}{source.Operation, source.IDs})
	if err != nil {
		return "" // cannot be: texts have JSON
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}

func (s *Store) journalPath(key string) string { return filepath.Join(s.folder("once"), key+".jsonl") }

// readJournal returns the whole lines of a journal; none when there is no journal.
func (s *Store) readJournal(key string) (events []event, exists bool, err error) {
	content, err := os.ReadFile(s.journalPath(key))
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, true, fmt.Errorf("reading the journal of once-only downloads: %w", err)
	}
	events = parseJournal(content)
	for _, e := range events {
		for n, k := range e.Kept {
			e.Kept[n] = s.found(k)
		}
	}
	return events, true, nil
}

// found looks for a kept file: the data folder may have moved, and a person may have removed the file.
func (s *Store) found(k Kept) Kept {
	k.Path = filepath.Join(s.folder("partial"), filepath.Base(k.Path))
	info, err := os.Lstat(k.Path)
	if k.Gone = err != nil; !k.Gone {
		k.Size = info.Size()
	}
	return k
}

func parseJournal(content []byte) []event {
	var events []event
	for line := range bytes.Lines(content) {
		var e event
		if json.Unmarshal(line, &e) != nil || !known(e.State) || len(events) == 0 && e.State != StateClaimed {
			break
		}
		events = append(events, e)
	}
	return events
}

func known(s State) bool {
	return slices.Contains([]State{StateClaimed, StateReceiving, StateStored, StateLost, StateReleased, StateRemoved}, s)
}

func (s *Store) writeJournal(key string, events []event) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for _, e := range events {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("writing the journal of once-only downloads: %w", err)
		}
	}
	if err := writeFile(s.journalPath(key), b.Bytes()); err != nil {
		return fmt.Errorf("writing the journal of once-only downloads: %w", err)
	}
	return nil
}

// caseOf folds the events of a journal that exists.
func caseOf(key string, events []event) Case {
	c := Case{Key: key, State: StateDamaged, Length: -1}
	for _, e := range events {
		c.State, c.Since = e.State, e.Time
		switch e.State {
		case StateClaimed:
			c = Case{
				Earlier: append(c.Earlier, c.Kept...), Key: key, State: e.State, Since: e.Time, Claimed: e.Time, Call: e.Call, Name: e.Name, MediaType: e.Type, WayOn: e.WayOn, Length: -1,
			}
		case StateReceiving:
			c.Name = e.Name
		case StateStored, StateRemoved:
			c.URI, c.Kept, c.Reason = e.URI, nil, ""
		case StateLost, StateReleased:
			c.Kept, c.Reason = e.Kept, e.Reason
		}
		if e.Source != nil {
			c.Source = *e.Source
		}
		if e.Length != nil {
			c.Length = *e.Length
		}
	}
	return c
}

// Cases returns the once-only downloads that the journal knows, the newest first.
func (s *Store) Cases() ([]Case, error) {
	var cases []Case
	for _, path := range s.glob("once/*.jsonl") {
		key := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		events, exists, err := s.readJournal(key)
		switch {
		case err != nil: // which says nothing of the others
			cases = append(cases, Case{Key: key, State: StateDamaged, Length: -1, Reason: err.Error()})
		case exists:
			cases = append(cases, caseOf(key, events))
		}
	}
	slices.SortFunc(cases, func(a, b Case) int { return cmp.Or(b.Since.Compare(a.Since), strings.Compare(a.Key, b.Key)) })
	return cases, nil
}
