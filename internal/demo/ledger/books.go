package ledger

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // gates keep their facts in SQLite

	"gatehouse/parking"
)

// maxRecord bounds one line of an export.
const maxRecord = 4 << 20

// Books is the cloud's canonical export.
type Books struct {
	Stays      map[uuid.UUID]parking.Stay
	Payments   []Payment
	Placements []Placement
	Conflicts  []Conflict
	Held       []Run
}

// Payment is one row of money.
type Payment struct {
	ID     uuid.UUID      `json:"id"`
	Stay   uuid.UUID      `json:"stay"`
	Method parking.Method `json:"method"`
	Status string         `json:"status"`
	Amount parking.Money  `json:"amount"`
	Gate   string         `json:"gate"`
}

// Placement says who holds a slot.
type Placement struct {
	Slot string    `json:"slot"`
	Stay uuid.UUID `json:"stay"`
}

// Conflict is one that stands.
type Conflict struct {
	Kind  string      `json:"kind"`
	State string      `json:"state"`
	Stays []uuid.UUID `json:"stays"`
	Slot  string      `json:"slot"`
}

// Run is what is held of one epoch of one gate.
type Run struct {
	Gate        string        `json:"gate"`
	Epoch       parking.Epoch `json:"epoch"`
	Seq         int64         `json:"seq"` // the highest without a gap
	Applied     int64         `json:"applied"`
	Quarantined int64         `json:"quarantined"`
	IDs         string        `json:"ids"` // SHA-256 of the ids in the order of seq, a space between two
}

// cloudGate is the gate of the facts that the cloud writes itself.
const cloudGate = "cloud"

// ReadBooks reads a canonical export.
func ReadBooks(r io.Reader) (*Books, error) {
	b := &Books{Stays: map[uuid.UUID]parking.Stay{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxRecord)
	for lines.Scan() {
		if err := b.add(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("read the cloud's export: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the cloud's export: %w", err)
	}
	return b, nil
}

func (b *Books) add(line []byte) error {
	var head struct {
		Record string `json:"record"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	switch head.Record {
	case "stay":
		var s parking.Stay
		if err := json.Unmarshal(line, &s); err != nil {
			return err
		}
		if _, twice := b.Stays[s.ID]; twice {
			return fmt.Errorf("the stay %s is there twice", s.ID)
		}
		b.Stays[s.ID] = s
		return nil
	case "payment":
		return appendTo(&b.Payments, line)
	case "placement":
		return appendTo(&b.Placements, line)
	case "conflict":
		return appendTo(&b.Conflicts, line)
	case "held":
		return appendTo(&b.Held, line)
	}
	return nil // a kind of record that came later
}

func appendTo[T any](list *[]T, line []byte) error {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	*list = append(*list, v)
	return nil
}

// Disk is what lies on one gate's disk.
type Disk struct {
	Gate    string
	Runs    []Run // of each epoch: Seq is the last, Applied the count
	Waiting int64 // facts that the cloud has not acknowledged
	Inside  map[uuid.UUID]bool
	FeedSeq int64
}

// Absorb takes in what lies on a disk that an image of it has replaced: the
// facts of each epoch by the disk that has more of them, since the image is a
// part of what came after it. What waited there was brought to the cloud in a file.
func (d *Disk) Absorb(old *Disk) {
	for _, r := range old.Runs {
		i := slices.IndexFunc(d.Runs, func(o Run) bool { return o.Gate == r.Gate && o.Epoch == r.Epoch })
		switch {
		case i < 0:
			d.Runs = append(d.Runs, r)
		case d.Runs[i].Applied < r.Applied:
			d.Runs[i] = r
		}
	}
}

// ReadDisk reads the database in a gate's data folder, beside the gate or
// after it.
func ReadDisk(ctx context.Context, gate, folder string) (d *Disk, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(folder, "gate.db")}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, fmt.Errorf("open the disk of gate %s: %w", gate, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	d = &Disk{Gate: gate, Inside: map[uuid.UUID]bool{}}
	if err := d.read(ctx, db); err != nil {
		return nil, fmt.Errorf("read the disk of gate %s: %w", gate, err)
	}
	return d, nil
}

func (d *Disk) read(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one moment for all
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only read
	if err := d.facts(ctx, tx); err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM outbox WHERE acked_ms IS NULL),
		COALESCE((SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'feed_seq'), 0)`).Scan(&d.Waiting, &d.FeedSeq)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, "SELECT id FROM stays WHERE state = 'inside'")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		d.Inside[id] = true
	}
	return rows.Err()
}

func (d *Disk) facts(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT epoch, seq, id FROM outbox ORDER BY epoch, seq")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	end := func() {
		if n := len(d.Runs); n > 0 {
			sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
			d.Runs[n-1].IDs = hex.EncodeToString(sum[:])
		}
	}
	for rows.Next() {
		var epoch parking.Epoch
		var seq int64
		var id string
		if err := rows.Scan(&epoch, &seq, &id); err != nil {
			return err
		}
		if n := len(d.Runs); n == 0 || d.Runs[n-1].Epoch != epoch {
			end()
			ids = nil
			d.Runs = append(d.Runs, Run{Gate: d.Gate, Epoch: epoch})
		}
		run := &d.Runs[len(d.Runs)-1]
		run.Seq, run.Applied = seq, run.Applied+1
		ids = append(ids, id)
	}
	end()
	return rows.Err()
}
