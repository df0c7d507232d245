package ingest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// changes is what a batch changed, for the feed.
type changes struct {
	stays     map[uuid.UUID]parking.Stay
	slots     map[string]bool
	conflicts map[string]wire.Conflict
	config    *wire.SiteConfig
	lists     *wire.ListMark             // passes, cards, plates or messages were written up to here
	epochs    map[string]map[string]bool // of gates, whose life may be another now: to be judged, not for the feed
}

func newChanges() *changes {
	return &changes{
		stays: map[uuid.UUID]parking.Stay{}, slots: map[string]bool{}, conflicts: map[string]wire.Conflict{}, epochs: map[string]map[string]bool{},
	}
}

// epoch notes that a run of a gate may have lived longer than was thought.
func (c *changes) epoch(gate string, epoch parking.Epoch) {
	if c.epochs[gate] == nil {
		c.epochs[gate] = map[string]bool{}
	}
	c.epochs[gate][string(epoch)] = true
}

// any says whether there is something to tell.
func (c *changes) any() bool {
	return len(c.stays)+len(c.slots)+len(c.conflicts) > 0 || c.config != nil
}

func (c *changes) add(more *changes) {
	maps.Copy(c.stays, more.stays)
	maps.Copy(c.slots, more.slots)
	maps.Copy(c.conflicts, more.conflicts)
	for gate, epochs := range more.epochs {
		for epoch := range epochs {
			c.epoch(gate, parking.Epoch(epoch))
		}
	}
	c.config = cmp.Or(more.config, c.config)
	c.lists = cmp.Or(more.lists, c.lists)
}

// delta makes the feed's entry, in a fixed order.
func (c *changes) delta(ctx context.Context, t *store.SiteTx) (wire.Delta, error) {
	var d wire.Delta
	for _, id := range slices.SortedFunc(maps.Keys(c.stays), compareIDs) {
		d.Stays = append(d.Stays, c.stays[id])
	}
	if len(c.slots) > 0 {
		slots, err := store.Slots(ctx, t.Q, t.Site, slices.Sorted(maps.Keys(c.slots))...)
		if err != nil {
			return d, err
		}
		d.Slots = slots
	}
	for _, id := range slices.Sorted(maps.Keys(c.conflicts)) {
		d.Conflicts = append(d.Conflicts, c.conflicts[id])
	}
	d.Config, d.Lists = c.config, c.lists
	return d, nil
}
