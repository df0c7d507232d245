package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// A gate writes at least once a minute. Who has written nothing new for two
// minutes is dead, or cut off from everybody.
const (
	worksFor = 2 * time.Minute
	// twice apart are the words of a gate that is at work. What somebody else brings
	// of a dead one comes at once.
	twiceApart = 30 * time.Second
)

// sighting is when something new of another gate was last known, on business
// time.
type sighting struct {
	epoch parking.Epoch // its newest run
	seq   int64
	first time.Time // since when new things come, without a pause of worksFor
	last  time.Time // zero: nothing new since the start
}

// look notes what is new of the other gates.
func (n *Node) look() {
	held, now := n.state.Held(), n.state.Clock().Now()
	n.taken.seenMu.Lock()
	defer n.taken.seenMu.Unlock()
	for gate, epochs := range held {
		if gate == n.state.Gate() {
			continue
		}
		var epoch parking.Epoch
		for e := range epochs {
			if e.Ordinal() > epoch.Ordinal() || e.Ordinal() == epoch.Ordinal() && e > epoch {
				epoch = e
			}
		}
		was, known := n.taken.seen[gate]
		s := sighting{epoch: epoch, seq: epochs[epoch], first: was.first, last: was.last}
		if known && (s.epoch != was.epoch || s.seq > was.seq) {
			if was.last.IsZero() || now.Sub(was.last) > worksFor {
				s.first = now
			}
			s.last = now
		}
		n.taken.seen[gate] = s
	}
}

// wrote is when another gate last wrote something new, zero when that is over two
// minutes ago, and since when it does.
func (n *Node) wrote(gate string) (last, first time.Time) {
	n.taken.seenMu.Lock()
	defer n.taken.seenMu.Unlock()
	s := n.taken.seen[gate]
	if s.last.IsZero() || n.state.Clock().Now().Sub(s.last) > worksFor {
		return time.Time{}, time.Time{}
	}
	return s.last, s.first
}

// heardGates are the other gates as the link between gates has them.
func (n *Node) heardGates() []neighbour.Neighbour {
	if n.others == nil {
		return nil
	}
	return n.others.List()
}

// atWork says in a sentence why a gate does not seem to be dead, or that another
// one runs its lanes already; nil otherwise.
func (n *Node) atWork(gate string) error {
	for _, o := range n.heardGates() {
		switch {
		case !o.Heard:
		case o.Gate == gate:
			return parking.Errorf(parking.Conflict, "Gate %s is heard on the local network: its machine works. Take its lanes over all the same with --force; then both may command its barriers.", gate)
		case runsOf(o, gate) != nil:
			return parking.Errorf(parking.Conflict, "Gate %s runs lanes of gate %s already. Give them back there first, or use --force.", o.Gate, gate)
		}
	}
	if last, _ := n.wrote(gate); !last.IsZero() {
		ago := n.state.Clock().Now().Sub(last).Round(time.Second)
		return parking.Errorf(parking.Conflict, "Gate %s wrote something %s ago: it may be at work. Wait until two minutes have gone by, or use --force.", gate, ago)
	}
	return nil
}

// runsOf are the lanes of a gate that a neighbour runs, nil for none.
func runsOf(o neighbour.Neighbour, gate string) []string {
	var out []string
	for _, name := range o.Runs {
		if owner, _ := parking.SplitLane(name); owner == gate {
			out = append(out, name)
		}
	}
	return out
}

// watchOthers looks whether gates whose lanes this one runs are at work again,
// and whether others run its own, until ctx ends.
func (n *Node) watchOthers(ctx context.Context) error {
	var told <-chan struct{}
	if n.others != nil {
		var cancel func()
		told, cancel = n.others.Changed()
		defer cancel()
	}
	ticker := time.NewTicker(n.lookEvery())
	defer ticker.Stop()
	for {
		n.look()
		n.judgeOthers(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-told:
		}
	}
}

// judgeOthers shows when two gates may command the same barriers. This gate keeps
// the lanes until it is told: whoever stands there knows which machine is right.
func (n *Node) judgeOthers(ctx context.Context) {
	heard := n.heardGates()
	var shared, run []string
	for _, t := range n.state.Taken() {
		last, since := n.wrote(t.Gate)
		if since.Before(t.At) {
			since = t.At
		}
		works := last.Sub(since) >= twiceApart
		if works || slices.ContainsFunc(heard, func(o neighbour.Neighbour) bool { return o.Heard && o.Gate == t.Gate }) {
			shared = append(shared, fmt.Sprintf(
				"Gate %s is heard again: both gates may command the barriers of lanes %s. If it works, give them back here: gate take %s --back. If it does not, switch its machine off.",
				t.Gate, strings.Join(t.Names(), ", "), t.Gate))
		}
	}
	for _, o := range heard {
		if names := runsOf(o, n.state.Gate()); o.Heard && names != nil {
			run = append(run, fmt.Sprintf(
				"Gate %s runs lanes %s of this gate: both may command their barriers. If this machine works, give them back there: gate take %s --back.",
				o.Gate, strings.Join(names, ", "), n.state.Gate()))
		}
	}
	if len(shared) > 0 {
		n.state.Alarm(context.WithoutCancel(ctx), state.TroubleLanesShared, strings.Join(shared, " "))
	} else {
		n.state.EndTrouble(state.TroubleLanesShared)
	}
	if len(run) > 0 {
		n.state.SetTrouble(state.TroubleLanesRun, strings.Join(run, " "))
	} else {
		n.state.EndTrouble(state.TroubleLanesRun)
	}
}

// takenLanes tells the desk whose lanes this gate runs.
func (n *Node) takenLanes() []lane.Taken {
	var out []lane.Taken
	for _, t := range n.state.Taken() {
		out = append(out, lane.Taken{Gate: t.Gate, Lanes: t.Names(), At: t.At, By: t.By})
	}
	return out
}
