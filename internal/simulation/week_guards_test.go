package simulation

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

const (
	shift = 12 * time.Hour
	float = parking.Money(200_000)
)

// till is a drawer as it is, whatever is written about it.
type till struct {
	gate, guard string
	shift       uuid.UUID
	cash        parking.Money
	cards       int
	pocketed    parking.Money // of the cash that came; it is not in the drawer
	rolledBack  bool          // the gate has forgotten what it wrote of it
}

// as is the guard on duty at a gate.
func (k *week) as(p *post) context.Context { return lane.WithActor(k.w.ctx, k.tills[p.code].guard) }

// begin opens a guard's drawer with its float.
func (k *week) begin(p *post, guard string) {
	t := &till{gate: p.code, guard: guard, shift: uuid.Must(uuid.NewV7()), cash: float}
	k.tills[p.code] = t
	k.open(p, t)
}

func (k *week) open(p *post, t *till) {
	if p.node == nil { // he works with his drawer, and opens it on the screen later
		k.w.after(time.Second, func() { k.open(p, t) })
		return
	}
	money := float
	_, err := p.node.Desk().OpenShift(lane.WithActor(k.w.ctx, t.guard), lane.ShiftOpening{ID: t.shift, Float: &money})
	k.w.must("open a shift", err)
}

// handOver counts the drawer of the guard on duty, and the next begins; "" for
// nobody.
func (k *week) handOver(p *post, next string) {
	t := k.tills[p.code]
	if p.node == nil {
		k.w.after(time.Minute, func() { k.handOver(p, next) })
		return
	}
	cards := t.cards
	done, err := p.node.Desk().CloseShift(lane.WithActor(k.w.ctx, t.guard), lane.ShiftCounted{Shift: t.shift, Sum: t.cash, Cards: &cards})
	k.w.must("hand a drawer over", err)
	if err == nil && !t.rolledBack && (done.Over == nil || *done.Over != -t.pocketed) {
		k.w.fail("gate %s, %s: the drawer holds %d, expected %d, pocketed %d", p.code, t.guard, t.cash, done.Expected, t.pocketed)
	}
	k.closed = append(k.closed, t)
	if next != "" {
		k.begin(p, next)
	}
}
