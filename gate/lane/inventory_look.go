package lane

import (
	"context"

	"gatehouse/parking"
)

// WalkLook is what a walk would do.
type WalkLook struct {
	WalkDone
	// Last is what the books know of the vehicle that was found last, nil for one
	// that they do not know to be inside.
	Last *parking.Stay
}

// LookAtInventory says what TakeInventory would do, with its words about what is
// wrong, and writes nothing.
func (d *Desk) LookAtInventory(ctx context.Context, w Walk) (WalkLook, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return WalkLook{}, err
	}
	if err := d.checkWalk(w); err != nil {
		return WalkLook{}, err
	}
	done, drafts := d.compare(w, actor)
	for _, draft := range drafts {
		if in, ok := draft.Body.(*parking.VehicleIn); ok {
			done.LetIn = append(done.LetIn, parking.Stay{
				ID: in.Stay, State: parking.Inside, Class: in.Class, Plate: in.Plate, Display: in.Display, Token: in.Token, Zone: in.Zone, Slot: in.Slot,
			})
		}
	}
	look := WalkLook{WalkDone: done}
	if n := len(w.Found); n > 0 {
		if s, known := d.booked(w.ID, n-1, w.Found[n-1]); known {
			look.Last = &s
		}
	}
	return look, nil
}
