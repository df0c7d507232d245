package lane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// MaxWalk bounds the vehicles of one inventory walk.
const MaxWalk = 2000

// foundInFact is how many of them one fact lists.
const foundInFact = 100

// Walk is what a walk through a zone found.
type Walk struct {
	ID    uuid.UUID // of the walk; the zero id has one made
	Zone  string
	Found []parking.FoundInventory
}

// WalkDone is what became of a walk.
type WalkDone struct {
	Walk  uuid.UUID
	Known int            // found, and inside by the books
	LetIn []parking.Stay // found, and let in by this walk
	// Elsewhere are found in another slot or zone than the books say, Missing
	// are in the zone by the books and were not found. Nothing is done about
	// either: a person looks.
	Elsewhere []parking.Stay
	Missing   []parking.Stay
}

// TakeInventory writes down what a walk through a zone found, and lets in, as
// of now and without opening anything, the vehicles that the books do not know
// to be inside: the way to start with a car park that is full. Those that were
// not found are listed and never closed. The same walk sent again changes
// nothing more.
func (d *Desk) TakeInventory(ctx context.Context, w Walk) (WalkDone, error) {
	if w.ID == uuid.Nil {
		w.ID = newID()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return WalkDone{}, err
	}
	if err := d.checkWalk(w); err != nil {
		return WalkDone{}, err
	}
	done, drafts := d.compare(w, actor)
	written, err := d.walked(ctx, w.ID)
	if err != nil {
		return WalkDone{}, err
	}
	if !written {
		drafts = append(tellWalk(w, actor), drafts...)
	}
	if len(drafts) == 0 {
		return done, nil
	}
	if _, err := d.write(ctx, drafts...); err != nil {
		return WalkDone{}, err
	}
	for _, draft := range drafts {
		if in, ok := draft.Body.(*parking.VehicleIn); ok {
			stay, err := d.cfg.State.Stay(ctx, in.Stay)
			if err != nil {
				return WalkDone{}, err
			}
			done.LetIn = append(done.LetIn, stay)
		}
	}
	return done, d.noteWalk(ctx, w.ID)
}

// checkWalk refuses a walk whole, and says which vehicle is wrong. mu is held.
func (d *Desk) checkWalk(w Walk) error {
	site := d.cfg.State.Site()
	zone, ok := site.Zone(w.Zone)
	switch {
	case !ok:
		return parking.Errorf(parking.NotFound, "There is no zone %q.", shorten(w.Zone))
	case len(w.Found) > MaxWalk:
		return parking.Errorf(parking.TooLarge, "One walk has at most %d vehicles; split it.", MaxWalk)
	case len(site.Lanes()) == 0:
		return parking.Errorf(parking.Unavailable, "This gate has no lane yet.")
	}
	seen := map[string]int{}
	for i, f := range w.Found {
		if err := d.checkFound(zone, f); err != nil {
			return parking.Errorf(parking.ErrorCode(err), "Vehicle %d: %s", i+1, parking.ErrorMessage(err))
		}
		for _, name := range []string{string(f.Plate), " " + f.Token, "  " + f.Slot} {
			if strings.TrimSpace(name) == "" {
				continue
			}
			if first, twice := seen[name]; twice {
				return parking.Errorf(parking.Conflict, "Vehicle %d: %s was named with vehicle %d already.", i+1, strings.TrimSpace(name), first)
			}
			seen[name] = i + 1
		}
	}
	return nil
}

func (d *Desk) checkFound(zone parking.Zone, f parking.FoundInventory) error {
	if f.Class == "" {
		return parking.Errorf(parking.Invalid, "Give the class.")
	}
	if err := d.knownClass(f.Class); err != nil {
		return err
	}
	if err := checkToken(f.Token); err != nil {
		return err
	}
	if f.Plate == "" && f.Token == "" && f.Class != parking.Bicycle {
		return parking.Errorf(parking.Invalid, "Give the plate, or the number of its card.")
	}
	if f.Slot == "" {
		return nil
	}
	if s, ok := d.cfg.State.Site().Slot(f.Slot); !ok || s.Zone != zone.Code {
		return parking.Errorf(parking.NotFound, "There is no slot %q in zone %s.", shorten(f.Slot), zone.Code)
	}
	return nil
}

// compare holds what was found against the books. mu is held.
func (d *Desk) compare(w Walk, actor string) (WalkDone, []state.Draft) {
	site := d.cfg.State.Site()
	done := WalkDone{Walk: w.ID}
	seen := map[uuid.UUID]bool{}
	var drafts []state.Draft
	for i, f := range w.Found {
		if s, known := d.booked(w.ID, i, f); known {
			seen[s.ID] = true
			done.Known++
			if s.Zone != w.Zone || f.Slot != "" && s.Slot != f.Slot {
				done.Elsewhere = append(done.Elsewhere, s)
			}
			continue
		}
		tariff := site.Config.Tariff
		drafts = append(drafts, state.Draft{Kind: parking.KindVehicleIn, Actor: actor, Body: &parking.VehicleIn{
			Stay: walkStay(w.ID, i), Lane: site.Lanes()[0].Code, Class: f.Class, Plate: f.Plate, Display: f.Plate.DisplayAs(0, f.Class),
			Read: parking.PlateRead{Outcome: "typed"}, Reason: "Found inside by an inventory walk.", Token: f.Token,
			Zone: w.Zone, Slot: f.Slot, Tariff: tariff.ID, TariffV: tariff.Version, Walk: &w.ID,
			Pass: d.comesOn(f.Plate, f.Class, w.Zone, d.cfg.Now()),
		}})
	}
	for _, s := range site.Inside {
		if s.Zone == w.Zone && !seen[s.ID] {
			done.Missing = append(done.Missing, s)
		}
	}
	return done, drafts
}

// booked finds the stay of a vehicle that was found: the one that this walk
// let in, else by its card, else by its plate.
func (d *Desk) booked(walk uuid.UUID, i int, f parking.FoundInventory) (parking.Stay, bool) {
	site := d.cfg.State.Site()
	if s, ok := site.Stay(walkStay(walk, i)); ok {
		return s, true
	}
	if f.Token != "" {
		if found := site.ByToken(f.Token); len(found) > 0 {
			return found[0], true
		}
	}
	if f.Plate != "" {
		if found := site.ByPlate(f.Plate); len(found) > 0 {
			return found[0], true
		}
	}
	return parking.Stay{}, false
}

// walkStay is the id of the stay that a walk opens for its i-th vehicle: the
// same one however often the walk is sent.
func walkStay(walk uuid.UUID, i int) uuid.UUID {
	return uuid.NewSHA1(walk, []byte("stay "+strconv.Itoa(i)))
}

// tellWalk makes the facts that say what was found.
func tellWalk(w Walk, actor string) []state.Draft {
	var out []state.Draft
	for found := range slices.Chunk(w.Found, foundInFact) {
		out = append(out, state.Draft{Kind: parking.KindInventoryTaken, Actor: actor, Body: &parking.InventoryTaken{
			Walk: w.ID, Zone: w.Zone, Found: found,
		}})
	}
	if len(out) == 0 { // an empty zone is a finding too
		out = []state.Draft{{Kind: parking.KindInventoryTaken, Actor: actor, Body: &parking.InventoryTaken{Walk: w.ID, Zone: w.Zone}}}
	}
	return out
}

// Walks that are remembered, in one note.
const (
	noteWalks = "walks"
	maxWalks  = 50
)

func (d *Desk) walks(ctx context.Context) ([]uuid.UUID, error) {
	text, err := d.cfg.Notes.Setting(ctx, noteWalks)
	if err != nil || text == "" {
		return nil, err
	}
	var ids []uuid.UUID
	if err := json.Unmarshal([]byte(text), &ids); err != nil {
		return nil, fmt.Errorf("read noted walks: %w", err)
	}
	return ids, nil
}

func (d *Desk) walked(ctx context.Context, walk uuid.UUID) (bool, error) {
	ids, err := d.walks(ctx)
	return slices.Contains(ids, walk), err
}

// noteWalk remembers a walk that was written down. mu is held.
func (d *Desk) noteWalk(ctx context.Context, walk uuid.UUID) error {
	ids, err := d.walks(ctx)
	if err != nil || slices.Contains(ids, walk) {
		return err
	}
	ids = append(ids, walk)
	text, err := json.Marshal(ids[max(0, len(ids)-maxWalks):])
	if err != nil {
		return fmt.Errorf("note a walk: %w", err)
	}
	return d.cfg.Notes.SetSetting(ctx, noteWalks, string(text))
}
