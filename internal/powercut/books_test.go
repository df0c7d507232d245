package powercut_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// row is one row of the outbox as it lies on the disk.
type row struct {
	id, epoch, kind, hash string
	seq, at               int64
	encoded               []byte
}

// books are what a folder holds, read without any code of the gate.
type books struct {
	rows   []row
	epochs []string // in the order in which they were minted
	health string   // what SQLite says of its file
}

func readBooks(ctx context.Context, dir string) (b books, err error) {
	u := url.URL{Scheme: "file", Opaque: filepath.Join(dir, "gate.db")}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&b.health); err != nil {
		return b, fmt.Errorf("integrity_check: %w", err)
	}
	err = each(ctx, db, "SELECT epoch FROM epochs ORDER BY rowid", func(scan func(...any) error) error {
		var e string
		err := scan(&e)
		b.epochs = append(b.epochs, e)
		return err
	})
	if err != nil {
		return b, err
	}
	err = each(ctx, db, "SELECT id, epoch, seq, kind, at_ms, encoded, hash FROM outbox ORDER BY n", func(scan func(...any) error) error {
		var r row
		err := scan(&r.id, &r.epoch, &r.seq, &r.kind, &r.at, &r.encoded, &r.hash)
		b.rows = append(b.rows, r)
		return err
	})
	return b, err
}

func each(ctx context.Context, db *sql.DB, query string, do func(scan func(...any) error) error) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// lost counts the acknowledged facts that are not there.
func (b books) lost(acked []string) int {
	there := make(map[string]bool, len(b.rows))
	for _, r := range b.rows {
		there[r.id] = true
	}
	n := 0
	for _, id := range acked {
		if !there[id] {
			n++
		}
	}
	return n
}

// faults says what is wrong with the books, whatever was acknowledged: a fact
// twice or changed, a gap, a broken chain, epochs out of order, half a
// transaction.
func (b books) faults() (faults []string) {
	fault := func(format string, a ...any) { faults = append(faults, fmt.Sprintf(format, a...)) }
	if b.health != "ok" {
		fault("the file is damaged: %s", b.health)
	}
	var before row
	var site uuid.UUID
	seen, paying, epochs := map[uuid.UUID]bool{}, uuid.Nil, []string{}
	for i, r := range b.rows {
		f, err := parking.DecodeFact(r.encoded)
		if err != nil {
			fault("row %d is no fact: %v", i, err)
			continue
		}
		if f.ID.String() != r.id || string(f.Epoch) != r.epoch || f.Seq != r.seq || string(f.Kind) != r.kind || f.At.UnixMilli() != r.at {
			fault("row %d is another fact than its columns say", i)
		}
		if seen[f.ID] {
			fault("fact %s is there twice", f.ID)
		}
		seen[f.ID] = true
		if i == 0 {
			site = f.Site
		}
		if f.Site != site || f.Gate != "N" {
			fault("row %d is of another gate", i)
		}
		if parking.FactHash(r.encoded) != r.hash {
			fault("row %d has another hash than its bytes", i)
		}
		if f.Prev != before.hash {
			fault("the chain is broken at row %d", i)
		}
		if r.epoch != before.epoch {
			epochs = append(epochs, r.epoch)
			for _, s := range startFaults(f, before) {
				fault("row %d: %s", i, s)
			}
		} else if r.seq != before.seq+1 {
			fault("seq goes from %d to %d in %s", before.seq, r.seq, r.epoch)
		}
		if stay := parking.StayOf(f); paying != uuid.Nil && (f.Kind != parking.KindVehicleOut || stay != paying) {
			fault("row %d: half of a transaction", i)
		}
		if paying = uuid.Nil; f.Kind == parking.KindPaymentTaken {
			paying = parking.StayOf(f)
		}
		before = r
	}
	if paying != uuid.Nil {
		fault("the last transaction is there by half")
	}
	if !slices.Equal(epochs, b.epochs) {
		fault("the epochs of the facts are %v, those that were minted %v", epochs, b.epochs)
	}
	return faults
}

// startFaults says what is wrong with the first fact of an epoch.
func startFaults(f parking.Fact, before row) (faults []string) {
	if f.Kind != parking.KindStarted || f.Seq != 1 {
		return []string{"an epoch begins with " + string(f.Kind)}
	}
	if f.Epoch.Ordinal() != parking.Epoch(before.epoch).Ordinal()+1 {
		faults = append(faults, fmt.Sprintf("epoch %s comes after %q", f.Epoch, before.epoch))
	}
	body, err := parking.DecodeBody(f)
	started, ok := body.(*parking.Started)
	if err != nil || !ok || string(started.PrevEpoch) != before.epoch || started.PrevSeq != before.seq {
		faults = append(faults, fmt.Sprintf("started does not name what was before it: %+v, %v", body, err))
	}
	return faults
}

// checkGate starts a gate on what is left of a folder and fails the test
// unless every acknowledged fact is there, in order, once, and shows its
// effect. It returns how many facts the folder holds.
func checkGate(t *testing.T, dir string, acked []string) int {
	t.Helper()
	b, faults := startAgain(t, dir)
	if n := b.lost(acked); n > 0 {
		faults = append(faults, fmt.Sprintf("%d of %d acknowledged facts are lost", n, len(acked)))
	}
	if len(faults) > 0 {
		t.Fatalf("what is left of %d facts:\n%s", len(b.rows), strings.Join(faults[:min(len(faults), 20)], "\n"))
	}
	return len(b.rows)
}

// startAgain starts a gate on what is left of a folder and says what is wrong.
func startAgain(t *testing.T, dir string) (b books, faults []string) {
	t.Helper()
	starting.RLock()
	defer starting.RUnlock()
	st, s, err := openGate(t.Context(), dir)
	if err != nil {
		t.Fatalf("the gate does not start again: %v", err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	if b, err = readBooks(t.Context(), dir); err != nil {
		t.Fatalf("read the books: %v", err)
	}
	faults = append(b.faults(), effectFaults(t.Context(), s, b)...)
	if int(s.Waiting()) != len(b.rows) {
		faults = append(faults, fmt.Sprintf("%d facts wait for the cloud and %d are there", s.Waiting(), len(b.rows)))
	}
	return b, faults
}

// effectFaults compares what the gate shows with the facts it has.
func effectFaults(ctx context.Context, s *state.State, b books) (faults []string) {
	want := map[uuid.UUID]parking.StayState{}
	for _, r := range b.rows {
		f, err := parking.DecodeFact(r.encoded)
		if err != nil {
			continue // faults has said so
		}
		switch f.Kind {
		case parking.KindVehicleIn:
			want[parking.StayOf(f)] = parking.Inside
		case parking.KindVehicleOut:
			want[parking.StayOf(f)] = parking.Left
		}
	}
	for id, state := range want {
		if stay, err := s.Stay(ctx, id); err != nil || stay.State != state {
			faults = append(faults, fmt.Sprintf("stay %s is shown as %q, not %q (%v)", id, stay.State, state, err))
		}
	}
	return faults
}

// twoRuns starts a gate twice and lets it write.
func twoRuns(t *testing.T, dir string) (acked []string) {
	t.Helper()
	starting.RLock()
	defer starting.RUnlock()
	for range 2 {
		st, s, err := openGate(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, drafts := range visit() {
			facts, err := s.Write(t.Context(), drafts...)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range facts {
				acked = append(acked, f.ID.String())
			}
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return acked
}

// The checker must see each kind of damage, or the other tests are blind.
func TestTheCheckerSeesDamage(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	good := t.TempDir()
	acked := twoRuns(t, good)
	if n := checkGate(t, good, acked); n != len(acked)+3 { // and three times started
		t.Fatalf("%d facts, not %d", n, len(acked)+3)
	}
	file, err := os.ReadFile(filepath.Join(good, "gate.db"))
	if err != nil {
		t.Fatal(err)
	}
	for damage, c := range map[string]struct{ sql, says string }{
		"a start gone":         {"DELETE FROM outbox WHERE kind = 'started' AND n > 7", "the epochs of the facts"},
		"a fact gone":          {"DELETE FROM outbox WHERE n = 3", "seq goes from 2 to 4"},
		"a byte changed":       {`UPDATE outbox SET encoded = CAST(replace(encoded, '"an"', '"bo"') AS BLOB) WHERE n = 2`, "another hash than its bytes"},
		"a hash changed":       {"UPDATE outbox SET hash = 'x' WHERE n = 4", "the chain is broken at row 4"},
		"two facts exchanged":  {"UPDATE outbox SET n = CASE n WHEN 3 THEN -4 ELSE -3 END WHERE n IN (3, 4); UPDATE outbox SET n = -n WHERE n < 0", "the chain is broken"},
		"a fact twice":         {"INSERT INTO outbox (id, epoch, seq, kind, at_ms, encoded, hash) SELECT 'x', epoch, 99, kind, at_ms, encoded, hash FROM outbox WHERE n = 2", "is there twice"},
		"half a transaction":   {"DELETE FROM outbox WHERE n = 6", "half of a transaction"},
		"a number used twice":  {"UPDATE outbox SET seq = 77 WHERE n = 4", "another fact than its columns say"},
		"an epoch without row": {"PRAGMA foreign_keys = 0; DELETE FROM epochs WHERE epoch LIKE '000002-%'", "those that were minted"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "gate.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(ctx, c.sql); err != nil {
			t.Fatalf("%s: %v", damage, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := readBooks(ctx, dir)
		if err != nil {
			t.Fatalf("%s: %v", damage, err)
		}
		if got := strings.Join(b.faults(), "\n"); !strings.Contains(got, c.says) {
			t.Errorf("%s is seen as %q", damage, got)
		}
		if damage == "a fact gone" && b.lost(acked) != 1 {
			t.Errorf("%s: %d are lost", damage, b.lost(acked))
		}
	}
}
