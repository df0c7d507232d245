package books

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Case is one conflict with all that is known about it: what a person needs to
// decide, and what was decided before.
type Case struct {
	Conflict
	Named    []Fact // the facts that contradict, in the conflict's order
	Stays    []Stay // what they are about, each with all of its facts
	Decided  []Decision
	Seen     string // of all facts about the stays, see SeenHash
	SawCount int
	Held     map[string]bool // SHA-256 (hex) of the photos of Named that have reached the cloud
	Names    People
}

// Decision is a settlement that named the conflict.
type Decision struct {
	parking.ConflictSettled
	At    time.Time
	Actor string
}

// noConflict is the answer about a conflict that is not there.
func noConflict() error {
	return parking.Errorf(parking.NotFound, "This site has no such conflict.")
}

// ConflictID reads the id of a conflict as addresses write it.
func ConflictID(text string) ([]byte, error) {
	id, err := hex.DecodeString(text)
	if err != nil || len(id) != sha256.Size {
		return nil, noConflict()
	}
	return id, nil
}

// SeenHash is one word for a set of facts: who decides on a conflict sends it
// back, and when facts have come meanwhile the two differ.
func SeenHash(facts []uuid.UUID) string {
	ids := slices.Clone(facts)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write([]byte("gatehouse seen 1\n"))
	for _, id := range slices.Compact(ids) {
		h.Write(id[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Case reads one conflict of a site; one that it does not have is a NotFound
// error.
func (b *Books) Case(ctx context.Context, site Site, id string, now time.Time) (Case, error) {
	key, err := ConflictID(id)
	if err != nil {
		return Case{}, err
	}
	row, err := b.q.BookConflict(ctx, cloudsql.BookConflictParams{Site: site.ID, ID: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return Case{}, noConflict()
	}
	if err != nil {
		return Case{}, fmt.Errorf("read conflict %s: %w", id, err)
	}
	quiet, err := b.silent(ctx, site.ID, now)
	if err != nil {
		return Case{}, err
	}
	c := Case{Conflict: Conflict{
		ID: id, Kind: row.Kind, State: row.State, Facts: row.Facts, Stays: row.Stays, Slot: row.Slot, At: row.At,
		Opened: row.OpenedAt, Closed: row.ClosedAt,
	}}
	c.wait(quiet)
	if c.Named, err = b.namedFacts(ctx, site.ID, row.Facts); err != nil {
		return Case{}, err
	}
	if c.Held, err = b.photosHeld(ctx, site.ID, photosOf(c.Named)); err != nil {
		return Case{}, err
	}
	if err := b.caseStays(ctx, site, &c); err != nil {
		return Case{}, err
	}
	if c.Decided, err = b.decisions(ctx, site.ID, id); err != nil {
		return Case{}, err
	}
	c.Names, err = b.People(ctx, site.ID)
	return c, err
}

// About lists the facts about stays: those that a decision on a conflict about
// them has to have seen, with those of exits that were matched with the stays
// (docs/STATE.md §7).
func About(ctx context.Context, q *cloudsql.Queries, site uuid.UUID, stays []uuid.UUID) ([]uuid.UUID, error) {
	exits, err := q.ExitsInto(ctx, cloudsql.ExitsIntoParams{SiteID: site, Stays: stays})
	if err != nil {
		return nil, fmt.Errorf("read which exits were matched: %w", err)
	}
	all := slices.Clone(stays)
	for _, x := range exits {
		all = append(all, x.ID)
	}
	kinds := []string{}
	for _, k := range parking.StayKinds() {
		kinds = append(kinds, string(k))
	}
	rows, err := q.FactIDsOfStays(ctx, cloudsql.FactIDsOfStaysParams{SiteID: site, Stays: all, Kinds: kinds})
	if err != nil {
		return nil, fmt.Errorf("read the facts about a conflict: %w", err)
	}
	saw := make([]uuid.UUID, 0, len(rows))
	for _, r := range rows {
		saw = append(saw, r.ID)
	}
	return saw, nil
}

// caseStays reads the stays and what of them a decision has to have seen.
func (b *Books) caseStays(ctx context.Context, site Site, c *Case) error {
	saw := c.Facts
	if len(c.Conflict.Stays) > 0 {
		var err error
		if saw, err = About(ctx, b.q, site.ID, c.Conflict.Stays); err != nil {
			return err
		}
	}
	for _, id := range c.Conflict.Stays {
		stay, err := b.Stay(ctx, site, id)
		if parking.ErrorCode(err) == parking.NotFound { // money for an entry that is still to come
			stay = Stay{Stay: parking.Stay{ID: id}}
			stay.Facts, err = b.facts(ctx, site.ID, id)
		}
		if err != nil {
			return err
		}
		c.Stays = append(c.Stays, stay)
		c.Plates = append(c.Plates, stay.Display)
	}
	c.Seen, c.SawCount = SeenHash(saw), len(saw)
	return nil
}

// namedFacts reads facts by their ids, in that order. What was counted and
// cannot be read has no fact and is left out.
func (b *Books) namedFacts(ctx context.Context, site uuid.UUID, ids []uuid.UUID) ([]Fact, error) {
	rows, err := b.q.BookFacts(ctx, cloudsql.BookFactsParams{Site: site, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	byID := map[uuid.UUID]Fact{}
	for _, r := range rows {
		if byID[r.ID], err = readFact(r.Encoded, r.ReceivedAt); err != nil {
			return nil, err
		}
	}
	var out []Fact
	for _, id := range ids {
		if f, there := byID[id]; there {
			out = append(out, f)
		}
	}
	return out, nil
}

// readFact decodes a kept fact; a body that this program cannot read is left nil.
func readFact(encoded []byte, received time.Time) (Fact, error) {
	f, err := parking.DecodeFact(encoded)
	if err != nil {
		return Fact{}, fmt.Errorf("read a kept fact: %w", err)
	}
	told, err := parking.DecodeBody(f)
	if err != nil {
		told = nil // shown by its kind alone
	}
	return Fact{Fact: f, Told: told, Received: received}, nil
}

func (b *Books) decisions(ctx context.Context, site uuid.UUID, conflict string) ([]Decision, error) {
	rows, err := b.q.BookSettlements(ctx, cloudsql.BookSettlementsParams{Site: site, Conflict: conflict})
	if err != nil {
		return nil, fmt.Errorf("read the decisions on a conflict: %w", err)
	}
	var out []Decision
	for _, r := range rows {
		f, err := readFact(r.Encoded, r.ReceivedAt)
		if err != nil {
			return nil, err
		}
		if told, ok := f.Told.(*parking.ConflictSettled); ok && told.Conflict == conflict {
			out = append(out, Decision{ConflictSettled: *told, At: f.At, Actor: f.Actor})
		}
	}
	return out, nil
}

// photosOf are the photos that facts name.
func photosOf(facts []Fact) []parking.PhotoRef {
	var out []parking.PhotoRef
	for _, f := range facts {
		switch b := f.Told.(type) {
		case *parking.VehicleIn:
			out = append(out, b.Photos...)
		case *parking.VehicleOut:
			out = append(out, b.Photos...)
		case *parking.TokenLost:
			out = append(out, b.Photos...)
		}
	}
	return out
}
