package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
)

// Kinds of conflicts (docs/STATE.md §6).
const (
	SlotTwice      = "slot_twice"
	SlotInvalid    = "slot_invalid"
	PlateInside    = "plate_inside"
	TokenTwice     = "token_twice"
	TokenMismatch  = "token_mismatch"
	ExitUnknown    = "exit_unknown"
	ExitTwice      = "exit_twice"
	FeeDiffers     = "fee_differs"
	PaidTwice      = "paid_twice"
	Overpaid       = "overpaid"
	ReferenceTwice = "reference_twice"
	ReceiptTwice   = "receipt_twice"
	PassOver       = "pass_over"
	PassPlaces     = "pass_places"
	Rights         = "rights"
	Paper          = "paper"
	Clock          = "clock"
	GateCloned     = "gate_cloned"
	GateRolledBack = "gate_rolled_back"
	Unreadable     = "unreadable"
)

// States of a conflict.
const (
	open      = "open"
	settled   = "settled"   // a person decided, and has seen all facts about its stays
	withdrawn = "withdrawn" // the facts no longer make it
)

// finding is a contradiction among facts. It is no error: all facts stand.
type finding struct {
	kind    string
	facts   []uuid.UUID
	stays   []uuid.UUID
	slot    string
	subject string // the group in which it was judged, "" for stays and slots
	at      time.Time
}

// id is the hash of the kind and the facts, in whatever order they are named.
// The same contradiction is therefore found again under the same id, and other
// facts make another conflict.
func (f *finding) id() string {
	facts := slices.Clone(f.facts)
	slices.SortFunc(facts, compareIDs)
	h := sha256.New()
	h.Write([]byte("gatehouse conflict 1\n" + f.kind + "\n"))
	for _, id := range facts {
		h.Write(id[:])
	}
	return string(h.Sum(nil))
}

// once lists stays, each once.
func once(stays ...uuid.UUID) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(stays))
	for _, id := range stays {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// verdict is what was found, and which standing conflicts were judged anew.
type verdict struct {
	found    map[string]finding           // by id
	standing map[string]cloudsql.Conflict // open or settled so far
	again    map[string]bool              // of these: withdrawn unless found again
}

func newVerdict() verdict {
	return verdict{found: map[string]finding{}, standing: map[string]cloudsql.Conflict{}, again: map[string]bool{}}
}

func (v *verdict) find(all ...finding) {
	for _, f := range all {
		v.found[f.id()] = f
	}
}

// stand takes in conflicts that stand so far; judged says of which the
// judgement was repeated. Of the others only whether they are settled may have
// changed.
func (v *verdict) stand(rows []cloudsql.Conflict, judged func(*cloudsql.Conflict) bool) {
	for i := range rows {
		id := string(rows[i].ID)
		if rows[i].State == withdrawn {
			continue
		}
		v.standing[id] = rows[i]
		if judged(&rows[i]) {
			v.again[id] = true
		}
	}
}

func always(*cloudsql.Conflict) bool { return true }
func never(*cloudsql.Conflict) bool  { return false }

// standAbout takes in the conflicts of some kinds in some groups, all of which
// were judged anew.
func (p *projection) standAbout(ctx context.Context, subjects []string, judged func(*cloudsql.Conflict) bool, kinds ...string) error {
	if len(subjects) == 0 {
		return nil
	}
	rows, err := p.q.ConflictsAbout(ctx, cloudsql.ConflictsAboutParams{SiteID: p.t.Site, Kinds: kinds, Subjects: subjects})
	if err != nil {
		return fmt.Errorf("read the conflicts of a group: %w", err)
	}
	p.verdict.stand(rows, judged)
	return nil
}

// conclude writes the verdict: what was found is open, or settled; what was
// judged anew and not found again is withdrawn.
func (p *projection) conclude(ctx context.Context) error {
	v := &p.verdict
	if err := p.recall(ctx); err != nil {
		return err
	}
	for id, row := range v.standing {
		if _, found := v.found[id]; !found && !v.again[id] {
			v.found[id] = recalled(&row)
		}
	}
	settlements, err := p.settlements(ctx, v.found)
	if err != nil {
		return err
	}
	var rows []cloudsql.PutConflictParams
	put := func(id, state string, f finding, s *wire.Settled) {
		rows = append(rows, p.conflictRow(id, state, f, s))
		hexID := hex.EncodeToString([]byte(id))
		p.changed.conflicts[hexID] = wire.Conflict{
			ID: hexID, Kind: f.kind, State: state, Stays: append([]uuid.UUID{}, f.stays...), Facts: f.facts, Slot: f.slot, At: f.at, Settled: s,
		}
	}
	for _, id := range keys(v.found) {
		f, s := v.found[id], settlements[id]
		state := open
		if s != nil {
			state = settled
		}
		if was, stood := v.standing[id]; !stood || !same(&was, state, &f, s) {
			put(id, state, f, s)
		}
	}
	for _, id := range keys(v.standing) {
		if _, found := v.found[id]; !found {
			was := v.standing[id]
			put(id, withdrawn, recalled(&was), nil)
		}
	}
	if err := batch(p.q.PutConflict(ctx, rows).Exec); err != nil {
		return fmt.Errorf("write conflicts: %w", err)
	}
	p.verdict = newVerdict()
	return nil
}

// recall looks up what was found and is not known to stand.
func (p *projection) recall(ctx context.Context) error {
	var ids [][]byte
	for id := range p.verdict.found {
		if _, known := p.verdict.standing[id]; !known {
			ids = append(ids, []byte(id))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := p.q.ConflictsByID(ctx, cloudsql.ConflictsByIDParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read conflicts: %w", err)
	}
	p.verdict.stand(rows, never)
	return nil
}

// recalled makes of a row what was found when it was written.
func recalled(c *cloudsql.Conflict) finding {
	f := finding{kind: c.Kind, facts: c.Facts, stays: c.Stays, at: c.At}
	if c.SlotCode != nil {
		f.slot = *c.SlotCode
	}
	if c.Subject != nil {
		f.subject = *c.Subject
	}
	return f
}

// same says whether a conflict stands as it stood.
func same(was *cloudsql.Conflict, state string, f *finding, s *wire.Settled) bool {
	old := recalled(was)
	return was.State == state && (s == nil || was.SettledFact != nil && *was.SettledFact == s.Fact) &&
		slices.Equal(old.facts, f.facts) && slices.Equal(old.stays, f.stays) && old.slot == f.slot &&
		old.subject == f.subject && old.at.Equal(f.at)
}

func (p *projection) conflictRow(id, state string, f finding, s *wire.Settled) cloudsql.PutConflictParams {
	row := cloudsql.PutConflictParams{
		TenantID: p.t.Tenant, SiteID: p.t.Site, ID: []byte(id), Kind: f.kind, Facts: f.facts, Stays: f.stays,
		SlotCode: orNull(f.slot), Subject: orNull(f.subject), State: state, At: f.at, Now: p.now,
	}
	if row.Stays == nil {
		row.Stays = []uuid.UUID{}
	}
	if state != open {
		row.ClosedAt = &p.now
	}
	if s != nil {
		row.SettledFact, row.SettledHow, row.SettledReason = &s.Fact, &s.How, &s.Reason
		row.SettledBy, row.SettledAt = &s.By, &s.At
	}
	return row
}
