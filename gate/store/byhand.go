package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// byHandFile holds openings by hand that happened while the database did not
// take anything.
const byHandFile = "by-hand.log"

// ByHand is a fact that could not be written to the database and had to be
// written down all the same.
type ByHand struct {
	ID    uuid.UUID       `json:"id"`
	At    time.Time       `json:"at"` // business time
	Kind  parking.Kind    `json:"kind"`
	Actor string          `json:"actor"`
	Body  json.RawMessage `json:"body"`
}

// NoteByHand writes openings beside a database that is damaged or does not
// answer. When it returns nil, the disk has them.
func (s *Store) NoteByHand(notes ...ByHand) error {
	var lines bytes.Buffer
	for _, n := range notes {
		if err := json.NewEncoder(&lines).Encode(n); err != nil {
			return fmt.Errorf("note an opening: %w", err)
		}
	}
	f, err := os.OpenFile(s.byHandPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return refusal(fmt.Errorf("note an opening: %w", err))
	}
	_, err = f.Write(lines.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), syncFolder(s.dir)); err != nil {
		return refusal(fmt.Errorf("note an opening: %w", err))
	}
	return nil
}

// ByHandNotes reads what was noted; a line that was cut off is left out.
func (s *Store) ByHandNotes() ([]ByHand, error) {
	b, err := os.ReadFile(s.byHandPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, refusal(fmt.Errorf("read the openings by hand: %w", err))
	}
	var out []ByHand
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, parking.MaxFactBytes*2)
	for lines.Scan() {
		var n ByHand
		if json.Unmarshal(lines.Bytes(), &n) == nil && n.ID != uuid.Nil {
			out = append(out, n)
		}
	}
	return out, nil
}

// ClearByHand drops the notes once the database has them.
func (s *Store) ClearByHand() error {
	if err := os.Remove(s.byHandPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return refusal(fmt.Errorf("drop the openings by hand: %w", err))
	}
	return syncFolder(s.dir)
}

func (s *Store) byHandPath() string { return filepath.Join(s.dir, byHandFile) }
