package settle

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// place puts the stay that has no place (the last of the conflict) where the
// person says that it stands.
func place(ctx context.Context, c *matter) ([]ingest.Act, error) {
	loser, err := c.stay(len(c.Stays) - 1)
	if err != nil {
		return nil, err
	}
	if loser.Placed && loser.State == parking.Inside {
		return nil, parking.Errorf(parking.Conflict, "This vehicle has a place of its own by now. Accept instead.")
	}
	act, err := c.placed(ctx, loser)
	return []ingest.Act{act}, err
}

// swap gives the slot to the one that lost it and puts its holder elsewhere.
// The holder's claim ends where the loser's new one begins, so that neither
// contradicts the other from here on.
func swap(ctx context.Context, c *matter) ([]ingest.Act, error) {
	holder, err := c.stay(0)
	if err != nil {
		return nil, err
	}
	loser, err := c.stay(1)
	if err != nil {
		return nil, err
	}
	slot := ""
	if c.SlotCode != nil {
		slot = *c.SlotCode
	}
	switch {
	case holder.State != parking.Inside || holder.Slot != slot:
		return nil, parking.Errorf(parking.Conflict, "The other vehicle does not stand in %s any more. Place this one there instead.", slot)
	case loser.State != parking.Inside:
		return nil, hasLeft()
	case strings.EqualFold(c.d.Slot, slot):
		return nil, parking.Errorf(parking.Invalid, "Say where the vehicle stands that gives up %s.", slot)
	}
	away, err := c.placed(ctx, holder)
	if err != nil {
		return nil, err
	}
	return []ingest.Act{away, {Kind: parking.KindStayPlaced, Body: parking.StayPlaced{
		Stay: loser.ID, Zone: holder.Zone, Slot: slot, Reason: c.d.Reason,
	}}}, nil
}

func hasLeft() error {
	return parking.Errorf(parking.Conflict, "This vehicle is not inside any more; it needs no place. Accept instead.")
}

// placed checks the place that the person named. It is a plan, and may be
// refused: a person who looks can look again, a fact cannot.
func (c *matter) placed(ctx context.Context, stay *parking.Stay) (ingest.Act, error) {
	if stay.State != parking.Inside {
		return ingest.Act{}, hasLeft()
	}
	zone, slot, err := c.whereTo(ctx, stay.Class)
	return ingest.Act{Kind: parking.KindStayPlaced, Body: parking.StayPlaced{
		Stay: stay.ID, Zone: zone, Slot: slot, Reason: c.d.Reason,
	}}, err
}

// whereTo reads what the person typed: a slot, in small letters too, or a zone
// that has no slots.
func (c *matter) whereTo(ctx context.Context, class parking.Class) (zone, slot string, err error) {
	typed := strings.TrimSpace(c.d.Slot)
	if typed == "" {
		typed = strings.TrimSpace(c.d.Zone)
	}
	if typed == "" {
		return "", "", parking.Errorf(parking.Invalid, "Name the slot in which the vehicle stands, or a zone that has no slots.")
	}
	if err := parking.ValidCode("slot", typed); err != nil {
		return "", "", err
	}
	slots, err := store.Slots(ctx, c.t.Q, c.t.Site, typed, strings.ToUpper(typed))
	if err != nil {
		return "", "", err
	}
	if len(slots) > 0 {
		i := max(0, slices.IndexFunc(slots, func(s parking.Slot) bool { return s.Code == typed }))
		return slots[i].Zone, slots[i].Code, c.free(ctx, &slots[i], class)
	}
	zones, err := c.t.Q.Zones(ctx, c.t.Site)
	if err != nil {
		return "", "", fmt.Errorf("read the zones: %w", err)
	}
	for _, z := range zones {
		if z.Kind == string(parking.Counted) && strings.EqualFold(z.Code, typed) {
			return z.Code, "", nil
		}
	}
	return "", "", parking.Errorf(parking.Invalid, "There is no slot %s.", typed)
}

// free refuses a slot that cannot be given to a vehicle of the class now.
func (c *matter) free(ctx context.Context, s *parking.Slot, class parking.Class) error {
	switch {
	case s.State == parking.SlotOccupied:
		return parking.Errorf(parking.Conflict, "%s is occupied. Choose a free slot.", s.Code)
	case s.State == parking.SlotOutOfService:
		return parking.Errorf(parking.Conflict, "%s is out of service. Choose another slot.", s.Code)
	case !s.Takes(class):
		return parking.Errorf(parking.Invalid, "%s does not take the class %s.", s.Code, class)
	}
	grant, err := c.t.Q.SlotGrant(ctx, cloudsql.SlotGrantParams{SiteID: c.t.Site, Code: s.Code})
	if err != nil {
		return fmt.Errorf("read who holds a slot: %w", err)
	}
	if grant.LeftMs > 0 && grant.GrantGate != nil {
		return parking.Errorf(parking.Conflict, "Gate %s holds %s just now. Choose another slot, or try again in half a minute.", *grant.GrantGate, s.Code)
	}
	return nil
}
