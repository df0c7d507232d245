package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// version is what holds for a key from a time on.
type version[T any] struct {
	from time.Time
	fact uuid.UUID
	body T
}

// versionsOf reads the versions of some keys, each key's in the order in which
// they hold.
func versionsOf[T any](ctx context.Context, p *projection, kind parking.Kind, of []string) (map[string][]version[T], error) {
	rows, err := p.q.Versions(ctx, cloudsql.VersionsParams{SiteID: p.t.Site, Kind: string(kind), Keys: of})
	if err != nil {
		return nil, fmt.Errorf("read the versions of a %s: %w", kind, err)
	}
	out := map[string][]version[T]{}
	for _, row := range rows {
		body, err := store.Decode[T](row.Document)
		if err != nil {
			return nil, err
		}
		out[row.Key] = append(out[row.Key], version[T]{row.FromAt, row.FactID, body})
	}
	return out, nil
}

// holding returns the version that holds at a time, nil for none (§5).
func holding[T any](versions []version[T], at time.Time) *version[T] {
	var out *version[T]
	for i := range versions {
		if !versions[i].from.After(at) {
			out = &versions[i]
		}
	}
	return out
}

// judgePasses finds entries that their pass does not cover, and those for
// which it had no place left.
func (p *projection) judgePasses(ctx context.Context, n *news) error {
	since := map[string]time.Time{} // by pass: before this, nobody's place can have changed
	for pass, from := range n.passes {
		earliest(since, pass, from)
	}
	for _, id := range p.ids {
		v := p.touched[id]
		for _, s := range []*parking.Stay{v.was, &v.stay} {
			if s != nil && s.Pass != "" && s.InAt != nil {
				earliest(since, s.Pass, *s.InAt)
			}
		}
	}
	if len(since) == 0 {
		return nil
	}
	versions, err := versionsOf[parking.PassVersion](ctx, p, parking.KindPass, keys(since))
	if err != nil {
		return err
	}
	for _, id := range p.ids {
		if f, over := passOver(&p.touched[id].stay, versions); over {
			p.verdict.find(f)
		}
	}
	err = p.standAbout(ctx, keys(since), func(c *cloudsql.Conflict) bool { return !c.At.Before(since[*c.Subject]) }, PassPlaces)
	if err != nil {
		return err
	}
	for _, pass := range keys(since) {
		if err := p.passPlaces(ctx, pass, since[pass], versions[pass]); err != nil {
			return err
		}
	}
	return nil
}

func passOver(s *parking.Stay, versions map[string][]version[parking.PassVersion]) (finding, bool) {
	if s.Pass == "" || s.InAt == nil || s.State == parking.Voided {
		return finding{}, false
	}
	if v := holding(versions[s.Pass], *s.InAt); v != nil && v.body.Covers(*s.InAt, s.Plate, s.Class, s.InZone()) {
		return finding{}, false
	}
	return finding{kind: PassOver, facts: []uuid.UUID{s.InFact}, stays: []uuid.UUID{s.ID}, at: *s.InAt}, true
}

// chargedPasses reads the passes by which the touched stays were priced.
func (p *projection) chargedPasses(ctx context.Context) (parking.PassBook, error) {
	names := map[string]bool{}
	for _, id := range p.ids {
		for _, name := range p.touched[id].stay.ChargedPasses() {
			names[name] = true
		}
	}
	book := map[string][]parking.PassVersion{}
	if len(names) > 0 {
		versions, err := versionsOf[parking.PassVersion](ctx, p, parking.KindPass, keys(names))
		if err != nil {
			return nil, err
		}
		for name, of := range versions {
			for _, v := range of {
				book[name] = append(book[name], v.body)
			}
		}
	}
	return func(code string) []parking.PassVersion { return book[code] }, nil
}

// passPlaces gives the places of a pass to those who came first. A stay whose
// IN is before since keeps what it has.
func (p *projection) passPlaces(ctx context.Context, pass string, since time.Time, versions []version[parking.PassVersion]) error {
	rows, err := p.q.StaysOfPass(ctx, cloudsql.StaysOfPassParams{SiteID: p.t.Site, Pass: &pass, FromAt: &since})
	if err != nil {
		return fmt.Errorf("read who came on a pass: %w", err)
	}
	slices.SortFunc(rows, func(a, b cloudsql.StaysOfPassRow) int {
		return cmp.Or(a.InAt.Compare(*b.InAt), compareIDs(*a.InFact, *b.InFact))
	})
	var holders []*cloudsql.StaysOfPassRow
	var turned []uuid.UUID
	for i := range rows {
		s := &rows[i]
		held := s.PassHeld
		if !s.InAt.Before(since) {
			held = false
			if v := holding(versions, *s.InAt); v != nil {
				holders = slices.DeleteFunc(holders, func(h *cloudsql.StaysOfPassRow) bool {
					return h.OutAt != nil && !h.OutAt.After(*s.InAt)
				})
				if held = len(holders) < v.body.Places; !held {
					p.verdict.find(noPlace(pass, s, holders))
				}
			}
		}
		if held {
			holders = append(holders, s)
		}
		if held != s.PassHeld {
			turned = append(turned, s.ID)
		}
	}
	if len(turned) == 0 {
		return nil
	}
	if err := p.q.TurnPassHeld(ctx, cloudsql.TurnPassHeldParams{SiteID: p.t.Site, Ids: turned}); err != nil {
		return fmt.Errorf("write who holds the places of a pass: %w", err)
	}
	return nil
}

func noPlace(pass string, s *cloudsql.StaysOfPassRow, holders []*cloudsql.StaysOfPassRow) finding {
	f := finding{kind: PassPlaces, subject: pass, at: *s.InAt}
	for _, h := range append(slices.Clone(holders), s) {
		f.facts, f.stays = append(f.facts, *h.InFact), append(f.stays, h.ID)
	}
	return f
}
