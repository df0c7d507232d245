package simulation

import (
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// firm are the tables of a site that facts do not fill.
var firm = []string{
	"sites", "site_feeds", "gates", "gate_keys", "lanes", "zones", "slots", "tariffs", "users", "user_roles", "site_roles", "audit_log",
}

// empty forgets the facts of the day before and what followed from them.
// DELETE, because TRUNCATE takes longer the more partitions there are.
func (g *ground) empty(t *testing.T) {
	t.Helper()
	pool := g.site.Store.Pool
	if g.facts == nil {
		rows, err := pool.Query(t.Context(), `
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'site_id'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL ($1)`, firm)
		if err != nil {
			t.Fatal(err)
		}
		if g.facts, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }() // after a commit there is nothing to roll back
	statements := []string{
		"SET LOCAL session_replication_role = replica", // which table refers to which does not matter now
		"UPDATE site_feeds SET feed_seq = 0, trimmed = 0",
		"UPDATE slots SET grant_gate = NULL, grant_until = NULL, grant_token = NULL",
	}
	for _, table := range g.facts {
		statements = append(statements, "DELETE FROM "+pgx.Identifier{table}.Sanitize())
	}
	for _, s := range statements {
		if _, err := tx.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// bring gives the cloud a run of one epoch's facts, past the network.
func (g *ground) bring(t *testing.T, facts []kept) {
	t.Helper()
	var key *cloudtest.Gate
	for _, gate := range g.gates {
		if gate.Code == facts[0].gate {
			key = gate
		}
	}
	b := &wire.Batch{ID: uuid.New(), Site: g.site.ID, Gate: key.Code, Epoch: parking.Epoch(facts[0].epoch), FirstSeq: facts[0].seq}
	for _, f := range facts {
		b.Items = append(b.Items, wire.NewItem(uuid.MustParse(f.id), f.encoded))
	}
	b.Sign(key.Key)
	in := &ingest.Ingester{Store: g.site.Store, Log: slog.New(slog.DiscardHandler)}
	if _, err := in.Ingest(t.Context(), ingest.Source{Site: b.Site, Gate: b.Gate}, cloudtest.Raw(t, b), cloudtest.Noon); err != nil {
		t.Fatal(err)
	}
}
