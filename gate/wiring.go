package gate

import (
	"context"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/gate/uplink"
	"gatehouse/internal/wire"
	"gatehouse/parking"
	"gatehouse/vision"
)

// link tells the desk of the uplink in the desk's words.
func (n *Node) link() lane.Link {
	l := n.uplink.Link()
	return lane.Link{
		State: lane.LinkState(l.State), Since: l.Since, RTT: l.RTT, RTTs: l.RTTs, Queue: l.Queue,
		LastSync: l.LastSync, Cause: string(l.Cause), Why: l.Why, Redis: l.Redis,
	}
}

// visionState tells the desk how the vision worker is.
func (n *Node) visionState() lane.Worker {
	s := n.vision.Status()
	switch s.State {
	case vision.StateUp:
		return lane.Worker{OK: true}
	case vision.StateStarting:
		return lane.Worker{Why: "The vision worker is starting; plates are typed until then."}
	}
	return lane.Worker{Why: s.Reason}
}

// signIn asks the cloud who a guard is, and keeps a verifier for days
// without it.
func (n *Node) signIn(ctx context.Context, name, password string) (lane.Guard, error) {
	a, err := n.uplink.SignIn(ctx, name, password)
	ctx = context.WithoutCancel(ctx) // what the cloud took its time to say is kept all the same
	if err != nil {
		if parking.ErrorCode(err) == parking.Forbidden { // a right that has ended must not live on here
			if ferr := n.state.ForgetGuard(ctx, name); ferr != nil {
				n.log.Warn("a guard was not forgotten", "error", ferr)
			}
		}
		return lane.Guard{}, err
	}
	guard := state.Guard{Name: a.Name, Display: a.Display, Role: a.Role}
	if err := n.state.RememberGuard(ctx, guard, password, time.Duration(a.ValidMS)*time.Millisecond); err != nil {
		n.log.Warn("a guard was not remembered for days without the cloud", "guard", a.Name, "error", err)
	}
	return lane.Guard{Name: a.Name, Display: a.Display, Role: a.Role}, nil
}

// plans asks the uplink to hold slots.
type plans struct{ uplink *uplink.Uplink }

func (p plans) Reserve(ctx context.Context, slot string) (lane.Hold, error) {
	return hold(p.uplink.Reserve(ctx, slot))
}

func (p plans) Renew(ctx context.Context, h lane.Hold) (lane.Hold, error) {
	return hold(p.uplink.Renew(ctx, wire.Reservation{Slot: h.Slot, Token: h.Token, Grant: h.Grant}))
}

func (p plans) Release(ctx context.Context, h lane.Hold) error {
	return p.uplink.Release(ctx, wire.Reservation{Slot: h.Slot, Token: h.Token, Grant: h.Grant})
}

func hold(r wire.Reservation, err error) (lane.Hold, error) {
	return lane.Hold{Slot: r.Slot, Token: r.Token, Grant: r.Grant, Left: time.Duration(r.LeftMS) * time.Millisecond}, err
}
