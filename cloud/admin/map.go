package admin

import (
	"fmt"
	"math"
	"net/http"

	"gatehouse/cloud/books"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

type mapView struct {
	frame
	Drawing drawing
	Legend  []legend
}

// drawing is the site's ground in units of the SVG, north up.
type drawing struct {
	ViewBox string
	Slots   []slotMark
	Gates   []gateMark
}

type slotMark struct {
	X, Y  int
	Code  string
	Role  look.Role
	Mark  string
	Label string
	Href  string // of its stay
}

type gateMark struct {
	X, Y                     int
	Code, Mark, State, Label string
	Role                     look.Role
}

type legend struct {
	Role  look.Role
	Mark  string
	Text  string
	Count int
}

// siteMap shows the ground.
func (p *Pages) siteMap(w http.ResponseWriter, r *http.Request) {
	v, err := p.mapView(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "map", "", v)
}

func (p *Pages) mapStream(w http.ResponseWriter, r *http.Request) {
	p.stream(w, r, func() ([]part, error) {
		v, err := p.mapView(r)
		if err != nil {
			return nil, err
		}
		return p.parts("map", v, map[string]string{"map": "map"})
	})
}

func (p *Pages) mapView(r *http.Request) (mapView, error) {
	f, err := p.siteFrame(r, "map")
	if err != nil {
		return mapView{}, err
	}
	m, err := p.Books.Map(r.Context(), f.Site)
	if err != nil {
		return mapView{}, err
	}
	v := mapView{frame: f}
	v.draw(m)
	return v, nil
}

// unit is the side of a square metre on the drawing; margin leaves room for
// the names of the gates.
const (
	unit   = 48.0
	margin = 1.75 * unit
)

func (v *mapView) draw(m books.Map) {
	if len(m.Slots) == 0 {
		return
	}
	west, east, south, north := bounds(m)
	at := func(p parking.Point) (int, int) {
		return int(math.Round((p.X-west)*unit + margin)), int(math.Round((north-p.Y)*unit + margin))
	}
	v.Drawing.ViewBox = fmt.Sprintf("0 0 %d %d", int((east-west)*unit+2*margin), int((north-south)*unit+2*margin))
	count := map[look.Role]int{}
	taken := map[[2]int]bool{}
	centre := west + (east-west)/2
	for _, s := range m.Slots {
		mark := v.slot(s)
		mark.X, mark.Y = at(s.At)
		// Where rows meet in a corner two slots may stand at one place: the
		// later one is drawn beside it, away from the middle.
		for taken[[2]int{mark.X, mark.Y}] {
			if s.At.X < centre {
				mark.X -= int(unit)
			} else {
				mark.X += int(unit)
			}
		}
		taken[[2]int{mark.X, mark.Y}] = true
		count[mark.Role]++
		v.Drawing.Slots = append(v.Drawing.Slots, mark)
	}
	for _, g := range m.Gates {
		pill := v.GatePill(g)
		mark := gateMark{Code: g.Code, Mark: pill.Mark, State: pill.Text, Role: pill.Role, Label: v.T("map.gate", g.Name, pill.Text)}
		mark.X, mark.Y = at(g.At)
		v.Drawing.Gates = append(v.Drawing.Gates, mark)
	}
	for _, l := range []struct {
		role look.Role
		key  string
	}{{look.Free, "slot.free"}, {look.Occupied, "slot.occupied"}, {look.Reserved, "slot.reserved"}, {look.Out, "slot.out_of_service"}} {
		v.Legend = append(v.Legend, legend{Role: l.role, Mark: look.Of(l.role).Mark, Text: v.T(l.key), Count: count[l.role]})
	}
}

func (v *mapView) slot(s books.Slot) slotMark {
	mark := slotMark{Code: s.Code, Role: look.Free}
	state := "slot.free"
	switch {
	case s.Stay != nil:
		mark.Role, mark.Href = look.Occupied, "/stays/"+s.Stay.String()
	case s.OutOfService:
		mark.Role, state = look.Out, "slot.out_of_service"
	case s.ReservedBy != "":
		mark.Role, state = look.Reserved, "slot.reserved"
	}
	mark.Mark = look.Of(mark.Role).Mark
	mark.Label = v.T("map.slot", s.Code, v.T(state))
	if s.Stay != nil {
		mark.Label = v.T("map.slot_taken", s.Code, v.PlateOf(s.Display))
	}
	return mark
}

func bounds(m books.Map) (west, east, south, north float64) {
	west, east, south, north = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	grow := func(p parking.Point) {
		west, east = min(west, p.X), max(east, p.X)
		south, north = min(south, p.Y), max(north, p.Y)
	}
	for _, s := range m.Slots {
		grow(s.At)
	}
	for _, g := range m.Gates {
		grow(g.At)
	}
	return west, east, south, north
}
