package books

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Stay is one stay with everything that is known of it.
type Stay struct {
	parking.Stay
	Facts     []Fact // in order
	Conflicts []Conflict
	Held      map[string]bool // SHA-256 (hex) of the photos that have reached the cloud
	Names     People
}

// Fact is a fact and when the cloud came to know it.
type Fact struct {
	parking.Fact
	Told     any // the body decoded, nil when this program cannot
	Received time.Time
}

// Late is how long after it happened the cloud came to know of the fact.
func (f Fact) Late() time.Duration { return f.Received.Sub(f.At) }

// Stay reads one stay of a site; one that the site does not have is a NotFound
// error.
func (b *Books) Stay(ctx context.Context, site Site, id uuid.UUID) (Stay, error) {
	row, err := b.q.BookStay(ctx, cloudsql.BookStayParams{Site: site.ID, Stay: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return Stay{}, parking.Errorf(parking.NotFound, "There is no such stay at this site.")
	}
	if err != nil {
		return Stay{}, fmt.Errorf("read stay %s: %w", id, err)
	}
	var s Stay
	if err := json.Unmarshal(row.Document, &s.Stay); err != nil {
		return Stay{}, fmt.Errorf("document of stay %s: %w", id, err)
	}
	if s.Facts, err = b.facts(ctx, site.ID, id); err != nil {
		return Stay{}, err
	}
	if s.Conflicts, err = b.stayConflicts(ctx, site.ID, id); err != nil {
		return Stay{}, err
	}
	if s.Held, err = b.photosHeld(ctx, site.ID, s.InPhotos, s.OutPhotos); err != nil {
		return Stay{}, err
	}
	s.Names, err = b.People(ctx, site.ID)
	return s, err
}

func (b *Books) facts(ctx context.Context, site, stay uuid.UUID) ([]Fact, error) {
	rows, err := b.q.BookStayFacts(ctx, cloudsql.BookStayFactsParams{Site: site, Stay: &stay})
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	facts := make([]Fact, 0, len(rows))
	for _, r := range rows {
		f, err := readFact(r.Encoded, r.ReceivedAt)
		if err != nil {
			return nil, fmt.Errorf("fact %s: %w", r.ID, err)
		}
		facts = append(facts, f)
	}
	slices.SortStableFunc(facts, func(a, b Fact) int { return a.Compare(b.Fact) })
	return facts, nil
}

func (b *Books) stayConflicts(ctx context.Context, site, stay uuid.UUID) ([]Conflict, error) {
	rows, err := b.q.BookStayConflicts(ctx, cloudsql.BookStayConflictsParams{Site: site, Stay: stay})
	if err != nil {
		return nil, fmt.Errorf("read the stay's conflicts: %w", err)
	}
	var out []Conflict
	for _, r := range rows {
		out = append(out, Conflict{
			ID: hex.EncodeToString(r.ID), Kind: r.Kind, State: r.State, Slot: deref(r.SlotCode), At: r.At, Closed: r.ClosedAt,
		})
	}
	return out, nil
}

func (b *Books) photosHeld(ctx context.Context, site uuid.UUID, lists ...[]parking.PhotoRef) (map[string]bool, error) {
	sums := [][]byte{}
	for _, p := range slices.Concat(lists...) {
		if sum, err := hex.DecodeString(p.SHA256); err == nil {
			sums = append(sums, sum)
		}
	}
	held := map[string]bool{}
	if len(sums) == 0 {
		return held, nil
	}
	rows, err := b.q.BookPhotosHeld(ctx, cloudsql.BookPhotosHeldParams{Site: site, Sums: sums})
	if err != nil {
		return nil, fmt.Errorf("look for photos: %w", err)
	}
	for _, sum := range rows {
		held[hex.EncodeToString(sum)] = true
	}
	return held, nil
}
