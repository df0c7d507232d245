package lane

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// shownEvents is how many lines of history a view carries.
const shownEvents = 50

// View returns what screens show now, as a value that nobody changes. It is
// made anew only after something has changed.
func (d *Desk) View() *View {
	d.viewed.Store(time.Now().UnixMilli())
	d.lookedAt()
	d.viewMu.Lock()
	defer d.viewMu.Unlock()
	version, site := d.version.Load(), d.cfg.State.Site()
	if d.view != nil && d.built == version && d.builtOf == site {
		return d.view
	}
	d.view, d.built, d.builtOf = d.build(site), version, site
	return d.view
}

func (d *Desk) build(site *state.Site) *View {
	now := d.cfg.Now()
	link := d.link()
	gate, ok := site.ThisGate()
	if !ok {
		gate = parking.Gate{Code: d.cfg.Gate}
	}
	v := &View{
		Now: now, SiteName: site.Config.Name, Gate: gate, Timezone: site.Config.Timezone,
		Currency: site.Config.Currency, Language: site.Config.Language,
		NearLoans: site.Near, Link: link, Conflicts: len(site.Conflicts), Recent: d.events(shownEvents),
	}
	v.Vision, v.Messages = d.worker(), d.Messages()
	if d.cfg.Neighbours != nil {
		v.Neighbours = d.cfg.Neighbours()
	}
	if d.cfg.TakenLanes != nil {
		v.Taken = d.cfg.TakenLanes()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v.Disk = d.disk
	v.Troubles, v.AsksTime = d.troubles(), d.cfg.State.AsksTime()
	guard := d.guard.Load()
	if guard != nil {
		g := *guard
		v.Guard = &g
		if open, ok := d.cfg.State.ShiftOf(g.Name); ok {
			s := shiftView(open)
			v.Shift = &s
		}
	}
	v.Lanes, v.Discounts = d.laneViews(site), discountViews(site, guard)
	// Whose home is heard, its word about its slots is as good as the cloud's was.
	v.Zones, v.Unplaced = d.zoneViews(site, now, func(s parking.Slot) bool {
		return link.State == Offline && !Heard(v.Neighbours, handsOut(s))
	})
	return v
}

// handsOut is the gate whose word about a slot counts.
func handsOut(s parking.Slot) string { return cmp.Or(s.Loan.To, s.Home) }

// unheard says whether nothing is heard of the gate that hands a slot out:
// neither the cloud nor the gate itself.
func (d *Desk) unheard(s parking.Slot) bool {
	if d.link().State != Offline {
		return false
	}
	return d.cfg.Neighbours == nil || !Heard(d.cfg.Neighbours(), handsOut(s))
}

// worker is how the vision worker is.
func (d *Desk) worker() Worker {
	if d.cfg.VisionState != nil {
		return d.cfg.VisionState()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reader
}

// laneViews shows this gate's lanes; mu is held.
func (d *Desk) laneViews(site *state.Site) []LaneView {
	var out []LaneView
	for _, l := range site.Lanes() {
		p := d.post(l)
		lv := LaneView{
			Lane: l, Camera: p.eye(), Sensor: d.sensorHealth(l.Code),
			SeesPassages: d.seesPassages(l.Code), Missed: p.missed, Refused: p.refused,
		}
		if on := p.seen[p.main]; on != nil {
			lv.Picture, lv.PictureN = on.picture, on.number
		}
		if on := p.seen[parking.RoleFace]; on != nil && p.main != parking.RoleFace {
			lv.Face, lv.FaceN = on.picture, on.number
		}
		lv.Sign = d.signView(l.Code)
		p.tokens.view(&lv)
		lv.holder, lv.HeldBy = d.holds.now(l.Code, p.busyWith())
		if p.vehicle != nil {
			lv.Subject = p.vehicle.copySubject()
			d.showCare(site, p.vehicle, lv.Subject)
		}
		for _, v := range p.waiting {
			lv.Missed += v.unseen
			lv.Waiting = append(lv.Waiting, Waiting{ID: v.ID, Stage: v.Stage, Plate: v.Plate, Display: v.Display, Class: v.Class, ArrivedAt: v.ArrivedAt})
		}
		for _, v := range p.aside {
			lv.Aside = append(lv.Aside, Aside{
				ID: v.ID, Stay: v.Matches[v.Chosen].Stay.ID, Plate: v.Plate, Display: v.Display,
				Due: v.Due, Paid: v.Due == 0, ArrivedAt: v.ArrivedAt,
			})
		}
		if p.alarm != "" && d.cfg.Now().Sub(p.alarmed) < alarmShown {
			lv.Alarm = p.alarm
		}
		out = append(out, lv)
	}
	return out
}

// zoneViews shows the zones with what is in them, and counts the vehicles
// whose place is not known. mu is held.
func (d *Desk) zoneViews(site *state.Site, now time.Time, cut func(parking.Slot) bool) (zones []ZoneView, unplaced int) {
	zones = make([]ZoneView, len(site.Config.Zones))
	at := make(map[string]*ZoneView, len(zones))
	for i, z := range site.Config.Zones {
		zones[i] = ZoneView{Zone: z, Inside: map[parking.Class]int{}}
		at[z.Code] = &zones[i]
	}
	for i := range site.Inside {
		s := &site.Inside[i]
		if z := at[s.Zone]; z != nil {
			z.Inside[s.Class]++
		}
		if !s.Placed {
			unplaced++
		}
	}
	suggested := d.offered(nil)
	for _, s := range site.Slots {
		z := at[s.Zone]
		if z == nil {
			continue
		}
		z.Slots = append(z.Slots, d.slotView(site, s, now, cut(s), suggested[s.Code]))
		if s.State != parking.SlotOutOfService {
			z.Capacity++
		}
		if s.State == parking.SlotFree {
			z.Free++
		}
	}
	for i := range zones {
		if z := &zones[i]; z.Zone.Kind == parking.Counted {
			for class, n := range z.Zone.Capacity {
				z.Capacity += n
				z.Free += max(0, n-z.Inside[class])
			}
		}
	}
	return zones, unplaced
}

func (d *Desk) slotView(site *state.Site, s parking.Slot, now time.Time, cut, suggested bool) SlotView {
	sv := SlotView{Slot: s, Suggested: suggested}
	if stay, ok := site.Stay(s.Stay); ok {
		sv.Plate = stay.Display
	}
	if h, ok := site.Held(s.Code, now); ok {
		sv.HeldBy, sv.HeldUntil = h.Gate, h.Until
	}
	sv.MayBeGone = cut && s.State == parking.SlotFree && !site.MayOffer(s.Code)
	sv.LentTo = cmp.Or(s.Loan.To, site.NearTo(s.Code))
	if site.NearFrom(s.Code) != "" {
		sv.LentTo = site.Gate
	}
	return sv
}

// History is what happened at the site lately as far as this gate has heard,
// newest first: 200 events at most. Unlike View it counts as no look at the lanes.
func (d *Desk) History() []Event { return d.events(math.MaxInt) }

// events is the history as screens show it, newest first.
func (d *Desk) events(most int) []Event {
	entries := d.cfg.State.Recent(most)
	out := make([]Event, 0, len(entries))
	for _, e := range entries {
		out = append(out, Event{
			Fact: e.Fact, At: e.At, Kind: e.Kind, Gate: e.Gate, Display: e.Display, Slot: e.Slot,
			Lane: e.Lane, Stay: e.Stay, Zone: e.Zone, Amount: e.Amount, Method: e.Method, Text: e.Text,
		})
	}
	return out
}

// Photo returns a photo that this gate holds, by its SHA-256 in hex; NotFound
// when it has none such.
func (d *Desk) Photo(_ context.Context, sha256 string) ([]byte, error) {
	return d.cfg.State.Photo(strings.ToLower(sha256))
}

// refresh makes offers and matches anew where the site has changed under
// them: a stay that another gate told of, a slot that was taken. What the
// guard chose stays.
func (d *Desk) refresh() {
	d.mu.Lock()
	defer d.mu.Unlock()
	site := d.cfg.State.Site()
	for _, p := range d.lanes {
		d.refreshAside(p)
		l, _, err := d.lane(p.code)
		if err != nil {
			continue
		}
		for _, v := range p.order() {
			switch {
			case v.done:
			case v.Stage == Paying:
				d.transferSeen(p, v)
			case v.dir == parking.In:
				d.reoffer(l, v, site)
			case stale(v, site):
				d.match(v)
			}
		}
	}
}

// stale says whether the stays that a vehicle may be are no longer what they
// were when they were found.
func stale(v *vehicle, site *state.Site) bool {
	return len(v.Matches) == 0 || slices.ContainsFunc(v.Matches, func(m Match) bool {
		now, ok := site.Stay(m.Stay.ID)
		return !ok || now.Class != m.Stay.Class || now.Pass != m.Stay.Pass || passNews(site, &m) || len(now.Payments) != len(m.Stay.Payments) || now.PaidSum() != m.Stay.PaidSum()
	})
}

// reoffer looks again at where a vehicle shall go. mu is held.
func (d *Desk) reoffer(l parking.Lane, v *vehicle, site *state.Site) {
	slot, ok := site.Slot(v.Slot)
	may := site.MayOffer(v.Slot)
	switch {
	case v.Slot == "" && v.chosen: // the guard sent it to a counted zone
	case v.Slot == "":
		// A slot may have come free, or was lent; or the share of a zone changed.
		d.offer(l, v)
	case !ok || slot.State != parking.SlotFree, !v.chosen && !may:
		v.chosen = false
		d.offer(l, v)
	case v.chosen && v.MayBeGone != (!may && d.unheard(slot)), v.chosen && slices.Contains(v.Warnings, fmt.Sprintf(warnNotLent, v.Slot)) != (!may && !d.unheard(slot)):
		// What the guard chose was lent, or the line or its gate went or came back.
		v.forget(warnGone)
		if s, err := d.target(v.Class, v.Slot, v); err == nil {
			d.place(v, s)
		}
	}
}

// Suggest says where a vehicle of a class should go from this gate: the
// nearest free slot that it may hand out, or a counted zone. Nothing is held.
func (d *Desk) Suggest(class parking.Class) (Suggestion, error) {
	if err := parking.ValidCode("class", string(class)); err != nil {
		return Suggestion{}, err
	}
	if err := d.knownClass(class); err != nil {
		return Suggestion{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.suggest(parking.Lane{}, class, nil)
	return Suggestion{Zone: s.zone, Slot: s.slot, Metres: s.metres, ShareLeft: s.share, Warnings: s.warnings}, nil
}

// Suggestion is where a vehicle should go.
type Suggestion struct {
	Zone      string   `json:"zone"`
	Slot      string   `json:"slot,omitempty"`
	Metres    float64  `json:"metres,omitempty"`
	ShareLeft *int     `json:"share_left,omitempty"` // of a counted zone, while cut off
	Warnings  []string `json:"warnings,omitempty"`
}
