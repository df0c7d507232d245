package books

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
)

// Where a conflict stands. Waiting is no state of the database: it is an open
// conflict that a gate which is offline may still explain (docs/STATE.md §7),
// and is worked out when somebody looks.
const (
	ConflictOpen      = "open"
	ConflictWaiting   = "waiting"
	ConflictSettled   = "settled"
	ConflictWithdrawn = "withdrawn"
)

// ConflictStates are those in which a list may be asked for.
func ConflictStates() []string {
	return []string{ConflictOpen, ConflictWaiting, ConflictSettled, ConflictWithdrawn}
}

// neverWaits are the kinds that no fact of another gate explains away.
var neverWaits = []string{"rights", "paper", "clock", "unreadable", "receipt_twice", "reference_twice"}

// ConflictsPage is how many conflicts a page of the list has.
const ConflictsPage = 50

// Conflict is a contradiction that waits for a person.
type Conflict struct {
	ID       string // hex
	Kind     string
	State    string
	Facts    []uuid.UUID
	Stays    []uuid.UUID
	Slot     string
	At       time.Time
	Opened   time.Time
	Closed   *time.Time
	Plates   []string // of the stays as they are shown, "" for none
	WaitsFor []string // gates that are offline and may explain it

	key []byte // ID as the database has it
}

// When is the time to show: that of the facts, or of an item whose time nobody
// can read, when it came.
func (c Conflict) When() time.Time {
	if c.At.Year() < 2000 {
		return c.Opened
	}
	return c.At
}

// ConflictFilter chooses conflicts. No states are all, no kind any.
type ConflictFilter struct {
	States []string
	Kind   string
}

// ConflictCursor is a place in the list.
type ConflictCursor struct {
	At time.Time
	ID []byte
}

// Conflicts is one page of the list, newest first.
type Conflicts struct {
	Rows  []Conflict
	Older *ConflictCursor // where the next page begins, nil at the end
	Newer *ConflictCursor // where the page before ends, nil at the start
}

// silence is which gates are known to be offline, and how far their facts are held.
type silence map[string]time.Time

// silent reads who is offline at the moment now. A gate that never connected
// has told nothing that anything could be missing from.
func (b *Books) silent(ctx context.Context, site uuid.UUID, now time.Time) (silence, error) {
	rows, err := b.q.BookGatesHeld(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read how far the gates' facts reach: %w", err)
	}
	out := silence{}
	for _, r := range rows {
		if r.SeenAt != nil && now.Sub(*r.SeenAt) > OfflineAfter {
			out[r.Code] = r.HeldUntil
		}
	}
	return out, nil
}

// after is the earliest end of what is held of the silent gates, nil when all
// are heard.
func (s silence) after() *time.Time {
	var first *time.Time
	for _, until := range s {
		if first == nil || until.Before(*first) {
			first = &until
		}
	}
	return first
}

// explains lists the gates whose facts may still explain a conflict.
func (s silence) explains(kind string, at time.Time) []string {
	if slices.Contains(neverWaits, kind) {
		return nil
	}
	var gates []string
	for gate, until := range s {
		if at.After(until) {
			gates = append(gates, gate)
		}
	}
	slices.Sort(gates)
	return gates
}

// ConflictCount is how many conflicts stand open.
type ConflictCount struct {
	Open    int            // that alarm
	Waiting int            // for a gate that is offline
	Kinds   map[string]int // both, by kind
}

// ConflictCount counts what is open at the moment now.
func (b *Books) ConflictCount(ctx context.Context, site uuid.UUID, now time.Time) (ConflictCount, error) {
	quiet, err := b.silent(ctx, site, now)
	if err != nil {
		return ConflictCount{}, err
	}
	rows, err := b.q.BookConflictCounts(ctx, cloudsql.BookConflictCountsParams{Site: site, WaitAfter: quiet.after(), NeverWaits: neverWaits})
	if err != nil {
		return ConflictCount{}, fmt.Errorf("count conflicts: %w", err)
	}
	n := ConflictCount{Kinds: map[string]int{}}
	for _, r := range rows {
		n.Open += int(r.Open - r.Waiting)
		n.Waiting += int(r.Waiting)
		n.Kinds[r.Kind] = int(r.Open)
	}
	return n, nil
}

// Conflicts reads a page of conflicts: those after older (towards the past),
// those before newer, or with neither the newest. most is the length of the
// page, at most ConflictsPage.
func (b *Books) Conflicts(ctx context.Context, site uuid.UUID, now time.Time, f ConflictFilter, older, newer *ConflictCursor, most int) (Conflicts, error) {
	quiet, err := b.silent(ctx, site, now)
	if err != nil {
		return Conflicts{}, err
	}
	a := conflictArgs(site, f, quiet, most)
	if newer != nil {
		rows, err := b.q.BookConflictsNewer(ctx, cloudsql.BookConflictsNewerParams{
			Site: a.Site, States: a.States, Kind: a.Kind, Waiting: a.Waiting, WaitAfter: a.WaitAfter, NeverWaits: neverWaits,
			CursorAt: newer.At, CursorID: newer.ID, Most: a.Most,
		})
		if err != nil {
			return Conflicts{}, fmt.Errorf("read conflicts: %w", err)
		}
		page := Conflicts{}
		for _, r := range rows {
			page.Rows = append(page.Rows, conflictOf(cloudsql.BookConflictsOlderRow(r), quiet))
		}
		more := page.cut(most)
		slices.Reverse(page.Rows)
		page.mark(more, true)
		return page, nil
	}
	if older != nil {
		a.CursorAt, a.CursorID = &older.At, older.ID
	}
	rows, err := b.q.BookConflictsOlder(ctx, a)
	if err != nil {
		return Conflicts{}, fmt.Errorf("read conflicts: %w", err)
	}
	page := Conflicts{}
	for _, r := range rows {
		page.Rows = append(page.Rows, conflictOf(r, quiet))
	}
	page.mark(older != nil, page.cut(most))
	return page, nil
}

func conflictArgs(site uuid.UUID, f ConflictFilter, quiet silence, most int) cloudsql.BookConflictsOlderParams {
	a := cloudsql.BookConflictsOlderParams{
		Site: site, WaitAfter: quiet.after(), NeverWaits: neverWaits,
		Most: int32(min(most, ConflictsPage)) + 1, //nolint:gosec // a page
	}
	open, waiting := slices.Contains(f.States, ConflictOpen), slices.Contains(f.States, ConflictWaiting)
	if len(f.States) == 0 {
		f.States = ConflictStates()
		open, waiting = true, true
	}
	for _, s := range f.States {
		if s == ConflictWaiting {
			s = ConflictOpen
		}
		a.States = append(a.States, s)
	}
	if open != waiting && len(f.States) == 1 {
		a.Waiting = &waiting
	}
	if f.Kind != "" {
		a.Kind = &f.Kind
	}
	return a
}

func conflictOf(r cloudsql.BookConflictsOlderRow, quiet silence) Conflict {
	c := Conflict{
		ID: hex.EncodeToString(r.ID), key: r.ID, Kind: r.Kind, State: r.State, Facts: r.Facts, Stays: r.Stays, Slot: r.Slot, At: r.At,
		Opened: r.OpenedAt, Closed: r.ClosedAt, Plates: r.Displays,
	}
	c.wait(quiet)
	return c
}

// wait makes an open conflict a waiting one where a silent gate may explain it.
func (c *Conflict) wait(quiet silence) {
	if c.State != ConflictOpen {
		return
	}
	if c.WaitsFor = quiet.explains(c.Kind, c.At); len(c.WaitsFor) > 0 {
		c.State = ConflictWaiting
	}
}

// cut takes the row off that tells whether there is more.
func (p *Conflicts) cut(most int) bool {
	if most = min(most, ConflictsPage); len(p.Rows) <= most {
		return false
	}
	p.Rows = p.Rows[:most]
	return true
}

func (p *Conflicts) mark(newer, older bool) {
	if len(p.Rows) == 0 {
		return
	}
	if newer {
		p.Newer = cursorOf(&p.Rows[0])
	}
	if older {
		p.Older = cursorOf(&p.Rows[len(p.Rows)-1])
	}
}

func cursorOf(c *Conflict) *ConflictCursor { return &ConflictCursor{At: c.At, ID: c.key} }
