package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// The two halves of a visit that may find each other, by a stay's own facts
// alone.
const (
	entry = "entry" // an IN without an OUT
	exit  = "exit"  // an OUT without an IN
)

// half says which half of a visit a stay is, and by which plate it looks for
// the other; "" for a whole one, or one of no plate.
func half(alone *parking.Stay) (role, plate string) {
	switch {
	case alone.Plate == "":
		return "", ""
	case alone.Unknown():
		return exit, string(alone.Plate)
	case alone.State == parking.Inside:
		return entry, string(alone.Plate)
	}
	return "", ""
}

// halfVisit is a half that looks for the other by itself, touched or not. Of
// those that are not touched the rows say enough: however many there are of a
// plate, only those that find another half than before are folded anew.
type halfVisit struct {
	id   uuid.UUID
	role string
	at   time.Time // of its IN or its OUT
	fact uuid.UUID
	into *uuid.UUID // the entry that an exit has found so far
}

// pool reads the halves with the plates of the stays just read, where there is
// an exit among them: without one, nothing can be matched. It lists exits that
// a person matched: whom they belong to is for the facts to say.
func (p *projection) pool(ctx context.Context, next []uuid.UUID, pooled map[string]bool) ([]uuid.UUID, error) {
	plates, exits := map[string]bool{}, map[string]bool{}
	for _, id := range next {
		v := p.touched[id]
		role, plate := half(&v.alone)
		if role == exit {
			exits[plate] = true
		}
		plates[plate], plates[v.wasPool] = true, true
	}
	delete(plates, "")
	maps.DeleteFunc(plates, func(plate string, _ bool) bool { return pooled[plate] })
	if len(plates) == 0 {
		return nil, nil
	}
	rows, err := p.q.PlatesOfExits(ctx, cloudsql.PlatesOfExitsParams{SiteID: p.t.Site, Plates: keys(plates)})
	if err != nil {
		return nil, fmt.Errorf("look for exits without an entry: %w", err)
	}
	for _, plate := range rows {
		exits[plate] = true
	}
	maps.DeleteFunc(exits, func(plate string, _ bool) bool { return pooled[plate] })
	if len(exits) == 0 {
		return nil, nil
	}
	maps.Copy(pooled, exits)
	return p.readHalves(ctx, keys(exits))
}

// readHalves reads the halves of some plates.
func (p *projection) readHalves(ctx context.Context, plates []string) ([]uuid.UUID, error) {
	rows, err := p.q.StaysToMatch(ctx, cloudsql.StaysToMatchParams{SiteID: p.t.Site, Plates: plates})
	if err != nil {
		return nil, fmt.Errorf("read the halves of visits: %w", err)
	}
	var matched []string
	for _, row := range rows {
		if row.Away {
			continue // it has an exit, until a fact about that comes
		}
		p.halves[row.Plate] = append(p.halves[row.Plate], halfVisit{row.ID, row.Role, row.At, row.Fact, row.IntoID})
		if row.IntoID != nil {
			matched = append(matched, row.ID.String())
		}
	}
	hands, err := p.about(ctx, matched, string(parking.KindExitMatched))
	if err != nil {
		return nil, err
	}
	var out []uuid.UUID
	for _, f := range hands {
		if b, ok := f.Says.(*parking.ExitMatched); ok {
			out = append(out, b.Exit)
		}
	}
	return out, nil
}

// match lets exits find their entry: by hand first, then by themselves where
// there is one candidate only (§3).
func (p *projection) match() {
	for x, target := range p.byHand() {
		merge(p.touched[x], p.touched[target])
	}
	for x, target := range p.byThemselves() {
		if v := p.touched[x]; v != nil {
			merge(v, p.touched[target])
		}
	}
}

// byHand returns the touched exits that a person matched, with their stays.
// Others that a person matched are with stays that are not touched either.
func (p *projection) byHand() map[uuid.UUID]uuid.UUID {
	out := map[uuid.UUID]uuid.UUID{}
	for id, v := range p.touched {
		if !v.alone.Unknown() || len(v.hand) == 0 {
			continue
		}
		first := slices.MinFunc(v.hand, func(a, b parking.Told) int { return a.Compare(b.Fact) })
		b, ok := first.Says.(*parking.ExitMatched)
		if !ok {
			continue
		}
		target := p.touched[b.Stay]
		if target != nil && target.alone.InAt != nil && target.alone.State != parking.Voided {
			out[id] = b.Stay
		}
	}
	return out
}

// byThemselves returns which exits find which entry, of all halves of the
// plates that were pooled.
func (p *projection) byThemselves() map[uuid.UUID]uuid.UUID {
	hand, taken := p.byHand(), map[uuid.UUID]bool{}
	for _, target := range hand {
		taken[target] = true
	}
	plates := map[string][]halfVisit{}
	for plate, halves := range p.halves {
		for _, h := range halves {
			if p.touched[h.id] == nil {
				plates[plate] = append(plates[plate], h)
			}
		}
	}
	for id, v := range p.touched {
		role, plate := half(&v.alone)
		_, matched := hand[id]
		switch {
		case matched || taken[id]:
		case role == entry:
			plates[plate] = append(plates[plate], halfVisit{id: id, role: role, at: *v.alone.InAt, fact: v.alone.InFact})
		case role == exit:
			plates[plate] = append(plates[plate], halfVisit{id: id, role: role, at: *v.alone.OutAt, fact: v.alone.OutFact})
		}
	}
	out := map[uuid.UUID]uuid.UUID{}
	for _, halves := range plates {
		matchHalves(halves, out)
	}
	return out
}

// matchHalves goes through the halves of one plate: an exit finds its entry if
// of those that came no later exactly one is left.
func matchHalves(halves []halfVisit, found map[uuid.UUID]uuid.UUID) {
	slices.SortFunc(halves, func(a, b halfVisit) int {
		// An entry before an exit at the same time: strings sort so.
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.role, b.role), compareIDs(a.fact, b.fact))
	})
	var fits []uuid.UUID
	for _, h := range halves {
		switch {
		case h.role == entry:
			fits = append(fits, h.id)
		case len(fits) == 1:
			found[h.id], fits = fits[0], nil
		}
	}
}

// torn lists halves that are not touched and have to be: those that find
// another half than before, and those whose other half is touched.
func (p *projection) torn() []uuid.UUID {
	if len(p.halves) == 0 {
		return nil
	}
	pairs := p.byThemselves()
	var out []uuid.UUID
	for x, target := range pairs {
		if (p.touched[x] == nil) != (p.touched[target] == nil) {
			out = append(out, x, target)
		}
	}
	for _, halves := range p.halves {
		for _, h := range halves {
			if h.role != exit || p.touched[h.id] != nil {
				continue
			}
			target, found := pairs[h.id]
			switch {
			case found && h.into == nil:
				out = append(out, h.id, target)
			case found && *h.into != target:
				out = append(out, h.id, target, *h.into)
			case !found && h.into != nil:
				out = append(out, h.id, *h.into)
			}
		}
	}
	return out
}

func merge(x, target *visit) {
	x.stay.MergeExit(target.stay.ID)
	target.exits = append(target.exits, x.stay.ID)
}
