package lane

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// PassView is a pass as it concerns one vehicle (docs/PASSES.md).
type PassView struct {
	Code  string            `json:"code"`
	State parking.PassState `json:"state"`
	// Begins and Ends are of the pass; Ends is the midnight after its last day.
	Begins time.Time `json:"begins,omitzero"`
	Ends   time.Time `json:"ends,omitzero"`
	// DaysLeft counts from today to its last day, 0 on that day itself.
	DaysLeft int `json:"days_left"`
	Places   int `json:"places,omitempty"`
	// Inside are the plates of those that hold its places.
	Inside []string `json:"inside,omitempty"`
}

// recentlyEnded is how long a guard is told that a vehicle had a pass.
const recentlyEnded = 60 * 24 * time.Hour

// passFor finds the pass of a vehicle that comes in at at, nil for none: of
// those that name its plate the one that covers it longest, else the one that
// comes nearest to it. The stay except holds no place: it is the vehicle's own.
func (d *Desk) passFor(site *state.Site, plate parking.Plate, class parking.Class, zone string, at time.Time, except uuid.UUID) *PassView {
	if plate == "" {
		return nil
	}
	at = parking.BusinessTime(at)
	var best *PassView
	for _, code := range site.Lists.PassesOf(plate) {
		v := parking.PassAt(site.Lists.Pass(code), at)
		if v == nil || !slices.Contains(v.Plates, plate) || at.Sub(v.Ends) > recentlyEnded {
			continue
		}
		p := passView(site, v, at, except)
		p.State = v.Judge(at, plate, class, zone, len(p.Inside))
		if best == nil || nearer(p, best) {
			best = p
		}
	}
	return best
}

func passView(site *state.Site, v *parking.PassVersion, at time.Time, except uuid.UUID) *PassView {
	p := &PassView{Code: v.Pass, Begins: v.Begins, Ends: v.Ends, Places: v.Places, DaysLeft: daysLeft(site, v, at)}
	for _, s := range site.OnPass(v.Pass) {
		if s.ID != except && s.InAt != nil && !s.InAt.After(at) {
			p.Inside = append(p.Inside, s.Display)
		}
	}
	return p
}

// passRanks orders what a pass is for a vehicle: the use of it first.
var passRanks = []parking.PassState{
	parking.PassCovers, parking.PassNoPlace, parking.PassOtherUse, parking.PassSuspended, parking.PassNotBegun, parking.PassEnded,
}

// nearer says whether a is the better pass for a vehicle.
func nearer(a, b *PassView) bool {
	if x, y := slices.Index(passRanks, a.State), slices.Index(passRanks, b.State); x != y {
		return x < y
	}
	return a.Ends.After(b.Ends)
}

// daysLeft counts dates of the site from a moment to the last day of a pass.
func daysLeft(site *state.Site, v *parking.PassVersion, at time.Time) int {
	zone, err := time.LoadLocation(site.Config.Timezone)
	if err != nil {
		zone = time.UTC
	}
	date := func(t time.Time) int64 {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	}
	return int(date(v.Ends.Add(-time.Second)) - date(at))
}

// comesOn is the code of the pass that covers a vehicle at its IN, "" for none.
func (d *Desk) comesOn(plate parking.Plate, class parking.Class, zone string, at time.Time) string {
	p := d.passFor(d.cfg.State.Site(), plate, class, zone, at, uuid.Nil)
	if p == nil || p.State != parking.PassCovers {
		return ""
	}
	return p.Code
}

// passByPlate is what a correction of its plate says of the pass that a stay
// came on: nil when that stays as it was.
func (d *Desk) passByPlate(ctx context.Context, id uuid.UUID, plate parking.Plate) *string {
	s, err := d.cfg.State.Stay(ctx, id)
	if err != nil {
		return nil
	}
	return d.passAnew(&s, plate, s.Class)
}

// passByClass is the same of a correction of its class. A pass that only the gate of
// its IN knows of stays.
func (d *Desk) passByClass(ctx context.Context, id uuid.UUID, class parking.Class) *string {
	s, err := d.cfg.State.Stay(ctx, id)
	if err != nil || s.Pass != "" && d.cfg.State.Site().Lists.Pass(s.Pass) == nil {
		return nil
	}
	return d.passAnew(&s, s.Plate, class)
}

func (d *Desk) passAnew(s *parking.Stay, plate parking.Plate, class parking.Class) *string {
	if s.InAt == nil || s.State != parking.Inside {
		return nil
	}
	site, at := d.cfg.State.Site(), parking.BusinessTime(*s.InAt)
	if v := parking.PassAt(site.Lists.Pass(s.Pass), at); v != nil && slices.Contains(v.Plates, plate) && v.Judge(at, plate, class, s.InZone(), 0) == parking.PassCovers {
		return nil // it is for this one, too, and has its place
	}
	code := ""
	if p := d.passFor(site, plate, class, s.InZone(), *s.InAt, s.ID); p != nil && p.State == parking.PassCovers {
		code = p.Code
	}
	if code == s.Pass {
		return nil
	}
	return &code
}

// covered is what passes cover of a stay.
type covered struct {
	periods []parking.Period
	follows []string // passes that joined the one of its IN
	view    *PassView
	marked  string // why the pass of its IN counts for nothing here
}

// passNews says whether the cloud has said since a match was priced that its pass
// counts for nothing, or that it does.
func passNews(site *state.Site, m *Match) bool {
	return m.Pass != nil && m.Pass.State != parking.PassUnknown && site.PassRefused(m.Stay.ID) != (m.Pass.State == parking.PassNoPlace)
}

const markUnknownPass = "the pass of this stay is not known at this gate; priced without it"

// passesOf says what passes cover of a stay that is priced as of at. One that
// the cloud has judged not to be covered, or to have come when all places were
// taken, is priced as without.
func (d *Desk) passesOf(s parking.Stay, at time.Time) covered {
	if s.Pass == "" {
		return covered{}
	}
	site := d.cfg.State.Site()
	book := parking.PassBook(site.Lists.Pass)
	v := parking.PassAt(book(s.Pass), at)
	if v == nil {
		return covered{view: &PassView{Code: s.Pass, State: parking.PassUnknown}, marked: markUnknownPass}
	}
	c := covered{view: passView(site, v, at, s.ID)}
	c.view.State = v.Judge(at, "", v.Class, v.Zone, 0) // of its time alone: the rest was decided at IN
	if site.PassRefused(s.ID) {
		c.view.State = parking.PassNoPlace
		return c
	}
	c.follows = s.FollowingPasses(site.Lists.PassesOf(s.Plate), book, at)
	c.periods = s.PassPeriods(append([]string{s.Pass}, c.follows...), book, at)
	return c
}
