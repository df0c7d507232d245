package admin

import (
	"net/http"

	"gatehouse/cloud/books"
	"gatehouse/internal/look"
)

type nowView struct {
	frame
	Now books.Now
}

// now shows how the site stands.
func (p *Pages) now(w http.ResponseWriter, r *http.Request) {
	v, err := p.nowView(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "now", "", v)
}

func (p *Pages) nowView(r *http.Request) (nowView, error) {
	f, err := p.siteFrame(r, "now")
	if err != nil {
		return nowView{}, err
	}
	now, err := p.Books.Now(r.Context(), f.Site, f.At)
	return nowView{frame: f, Now: now}, err
}

// nowStream sends the parts of the page that have changed.
func (p *Pages) nowStream(w http.ResponseWriter, r *http.Request) {
	p.stream(w, r, func() ([]part, error) {
		v, err := p.nowView(r)
		if err != nil {
			return nil, err
		}
		return p.parts("now", v, map[string]string{
			"flow": "now_flow", "zones": "now_zones", "gates": "now_gates", "conflicts": "now_conflicts", "said": "now_said",
		})
	})
}

// OlderConflicts is how many conflicts wait beside those that are listed.
func (v nowView) OlderConflicts() int { return v.Now.ConflictCount - len(v.Now.Conflicts) }

// zoneCard is a zone with the bars that show how full it is.
type zoneCard struct {
	Zone   books.Zone
	Bar    []segment // of a numbered zone
	Counts []classBar
}

// classBar is a class in a counted zone.
type classBar struct {
	books.ClassCount
	Bar []segment
}

// Free is the room that is left, never below zero.
func (c classBar) Free() int { return max(c.Capacity-c.Inside, 0) }

// Full says whether there is no room left. It is a warning: nobody is refused.
func (c classBar) Full() bool { return c.Capacity > 0 && c.Inside >= c.Capacity }

// segment is a piece of a bar in thousandths of its length.
type segment struct {
	Role        look.Role
	From, Width int
}

// ZoneCards are the zones as the page shows them.
func (v nowView) ZoneCards() []zoneCard {
	var cards []zoneCard
	for _, z := range v.Now.Zones {
		card := zoneCard{Zone: z, Bar: bar(z.Slots, []piece{
			{look.Occupied, z.Occupied}, {look.Reserved, z.Reserved}, {look.Out, z.OutOfService},
		})}
		for _, c := range z.Classes {
			role := look.Occupied
			if c.Capacity > 0 && c.Inside >= c.Capacity {
				role = look.Trouble
			}
			card.Counts = append(card.Counts, classBar{ClassCount: c, Bar: bar(c.Capacity, []piece{{role, c.Inside}})})
		}
		cards = append(cards, card)
	}
	return cards
}

type piece struct {
	role look.Role
	n    int
}

// bar lays pieces of a whole side by side.
func bar(whole int, pieces []piece) []segment {
	var out []segment
	from := 0
	for _, p := range pieces {
		if whole <= 0 || p.n <= 0 {
			continue
		}
		width := min(p.n*1000/whole, 1000-from)
		out = append(out, segment{Role: p.role, From: from, Width: width})
		from += width
	}
	return out
}
