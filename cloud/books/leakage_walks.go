package books

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Walk is the last inventory walk through a zone, compared with the books.
type Walk struct {
	ID           uuid.UUID
	Zone         string
	From, Until  time.Time // of its facts
	Gate, Actor  string
	Found        int        // vehicles that it saw
	Unseen       []WalkStay // inside by the books since before the walk, and not seen
	WithoutStay  []WalkStay // seen, and let in by the walk since the books did not know them
	seen, tokens []string   // plates, tokens
	slots        map[string]parking.Class
}

// WalkStay is a stay that a walk speaks of.
type WalkStay struct {
	Stay          uuid.UUID
	Display, Slot string
	Class         parking.Class
	In            time.Time
	Gate          string
}

// Bounds of what is read of walks.
const (
	walksBack    = 92 * 24 * time.Hour
	maxWalkFacts = 2000
	maxStanding  = 10_000
)

// leakageWalks compares the last walk through each zone, up to the end of the
// period, with who is inside now.
func (b *Books) leakageWalks(ctx context.Context, l *Leakage, _ time.Time) error {
	rows, err := b.q.LeakageWalks(ctx, cloudsql.LeakageWalksParams{
		Site: l.Site.ID, FromAt: l.Period.UntilAt.Add(-walksBack), UntilAt: l.Period.UntilAt, Most: maxWalkFacts,
	})
	if err != nil {
		return fmt.Errorf("read inventory walks: %w", err)
	}
	for _, encoded := range rows {
		f, err := readFact(encoded, time.Time{})
		if err != nil {
			return err
		}
		if body, ok := f.Told.(*parking.InventoryTaken); ok {
			l.walked(f.Fact, body)
		}
	}
	slices.SortFunc(l.Walks, func(a, b Walk) int { return strings.Compare(a.Zone, b.Zone) })
	for i := range l.Walks {
		if err := b.compareWalk(ctx, l.Site, &l.Walks[i]); err != nil {
			return err
		}
	}
	return nil
}

// walked takes a fact of a walk; the newest come first, and an older walk
// through the same zone is passed over.
func (l *Leakage) walked(f parking.Fact, body *parking.InventoryTaken) {
	i := slices.IndexFunc(l.Walks, func(w Walk) bool { return w.Zone == body.Zone })
	switch {
	case i < 0:
		l.Walks = append(l.Walks, Walk{
			ID: body.Walk, Zone: body.Zone, From: f.At, Until: f.At, Gate: f.Gate, Actor: f.Actor, slots: map[string]parking.Class{},
		})
		i = len(l.Walks) - 1
	case l.Walks[i].ID != body.Walk:
		return
	}
	w := &l.Walks[i]
	if f.At.Before(w.From) {
		w.From = f.At
	}
	for _, found := range body.Found {
		w.Found++
		if found.Plate != "" {
			w.seen = append(w.seen, string(found.Plate))
		}
		if found.Token != "" {
			w.tokens = append(w.tokens, found.Token)
		}
		if found.Plate == "" && found.Slot != "" {
			w.slots[found.Slot] = found.Class
		}
	}
}

func (b *Books) compareWalk(ctx context.Context, site Site, w *Walk) error {
	standing, err := b.q.LeakageStanding(ctx, cloudsql.LeakageStandingParams{Site: site.ID, Zone: w.Zone, BeforeAt: &w.From, Most: maxStanding})
	if err != nil {
		return fmt.Errorf("read who is inside: %w", err)
	}
	slices.Sort(w.seen)
	slices.Sort(w.tokens)
	for i := range standing {
		r := &standing[i]
		_, byPlate := slices.BinarySearch(w.seen, r.Plate)
		_, byToken := slices.BinarySearch(w.tokens, r.Token)
		class, bySlot := w.slots[r.Slot]
		if byPlate && r.Plate != "" || byToken && r.Token != "" || bySlot && class == parking.Class(r.Class) {
			continue
		}
		w.Unseen = append(w.Unseen, WalkStay{
			Stay: r.ID, Display: r.Display, Slot: r.Slot, Class: parking.Class(r.Class), In: r.InAt, Gate: r.InGate,
		})
	}
	found, err := b.q.LeakageFound(ctx, cloudsql.LeakageFoundParams{
		Site: site.ID, Zone: w.Zone, FromAt: w.From, UntilAt: w.Until.Add(time.Hour), Most: maxStanding,
	})
	if err != nil {
		return fmt.Errorf("read whom the walk let in: %w", err)
	}
	for i := range found {
		r := &found[i]
		w.WithoutStay = append(w.WithoutStay, WalkStay{
			Stay: r.ID, Display: r.Display, Slot: r.Slot, Class: parking.Class(r.Class), In: r.At, Gate: r.Gate,
		})
	}
	return nil
}
