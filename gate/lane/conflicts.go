package lane

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// ConflictView is an open conflict of the site as a guard sees it. Only an
// administrator settles one; the guard at the gate knows what happened.
type ConflictView struct {
	ID    string         `json:"id"`
	Kind  string         `json:"kind"` // a key of the catalogue, conflict.KIND
	At    time.Time      `json:"at"`
	Slot  string         `json:"slot,omitempty"`
	Stays []parking.Stay `json:"stays,omitempty"` // those that this gate still knows
	// Here says that one of the vehicles came in or left at this gate.
	Here bool `json:"here"`
}

// maxConflicts bounds what Conflicts returns.
const maxConflicts = 50

// Conflicts lists the open conflicts: those of vehicles of this gate first, of
// these the newest first. At most fifty are returned.
func (d *Desk) Conflicts(ctx context.Context) []ConflictView {
	open := slices.Clone(d.cfg.State.Site().Conflicts)
	slices.Reverse(open) // they come oldest first
	out := make([]ConflictView, 0, len(open))
	for _, c := range open {
		v := ConflictView{ID: c.ID, Kind: c.Kind, At: c.At, Slot: c.Slot}
		d.showStays(ctx, &v, c.Stays)
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b ConflictView) int {
		switch {
		case a.Here == b.Here:
			return 0
		case a.Here:
			return -1
		default:
			return 1
		}
	})
	return out[:min(len(out), maxConflicts)]
}

// showStays puts the stays into a conflict that this gate still knows.
func (d *Desk) showStays(ctx context.Context, v *ConflictView, of []uuid.UUID) {
	for _, id := range of {
		stay, err := d.cfg.State.Stay(ctx, id)
		if err != nil {
			continue // it left days ago: the cloud knows it
		}
		v.Stays = append(v.Stays, stay)
		v.Here = v.Here || stay.InGate == d.cfg.Gate || stay.OutGate == d.cfg.Gate
	}
}
