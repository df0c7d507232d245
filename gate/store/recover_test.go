package store_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
)

// A recovery knows every table of the schema: one that a later migration adds
// and nobody names would come back empty.
func TestARecoveryCopiesEveryTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir, store.Options{})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "gate.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // only read
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()                 // only read
	elsewhere := []string{"outbox", "goose_db_version"} // looked for in every page; made anew
	var found int
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if found++; !slices.Contains(store.CopiedTables, name) && !slices.Contains(elsewhere, name) {
			t.Errorf("a recovery leaves out the table %s", name)
		}
	}
	if err := rows.Err(); err != nil || found != len(store.CopiedTables)+len(elsewhere) {
		t.Errorf("%d tables (%v); a recovery names %v", found, err, store.CopiedTables)
	}
}

// What a gate has lent it must not offer, also after a recovery.
func TestARecoveryKeepsWhatWasLent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := store.Identity{Tenant: uuid.New(), Site: uuid.New(), Gate: "N", CloudURL: "https://cloud", PublicKey: public, PrivateKey: private}
	if err := s.SaveIdentity(id); err != nil {
		t.Fatal(err)
	}
	err = s.Tx(t.Context(), func(q *gatesql.Queries) error {
		if err := q.PutNearLent(t.Context(), gatesql.PutNearLentParams{Slot: "A2", Document: `{"slot":"A2","n":1,"to":"S"}`}); err != nil {
			return err
		}
		return q.PutLent(t.Context(), gatesql.PutLentParams{Slot: "A1", Document: `{"slot":"A1","n":3,"to":"S"}`})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Recover(t.Context(), dir, time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), nil); err != nil {
		t.Fatal(err)
	}
	after := open(t, dir, store.Options{}).Read()
	lent, err := after.LentSlots(t.Context())
	if err != nil || len(lent) != 1 {
		t.Errorf("lent slots after the recovery: %v (%v)", lent, err)
	}
	near, err := after.NearLent(t.Context())
	if err != nil || len(near) != 1 {
		t.Errorf("slots lent to neighbours after the recovery: %v (%v)", near, err)
	}
}
