package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// takeover is this gate's part in running lanes of gates whose machine is dead.
type takeover struct {
	mu      sync.Mutex         // one take or give at a time
	running context.Context    // of the node
	opened  []opened           // at the start
	readers map[string]readers // of lanes of other gates, by gate

	seenMu sync.Mutex
	seen   map[string]sighting // by gate
}

// opened is what was opened at a start of another gate's lanes.
type opened struct {
	gate string
	equipment
}

// readers are the card readers of a gate's lanes that run here.
type readers struct {
	stop context.CancelFunc
	done *sync.WaitGroup
}

// TakeLanes makes this gate run lanes of another one, whose machine is dead: with
// the devices that were heard of it, or were given. It is refused with a sentence
// while that gate may be at work, unless force is set. What happens at the lanes
// from then on are this gate's facts.
func (n *Node) TakeLanes(ctx context.Context, r lane.TakeRequest) (lane.TakenOver, error) {
	n.taken.mu.Lock()
	defer n.taken.mu.Unlock()
	codes, err := n.lanesToTake(r)
	if err == nil && !r.Force {
		err = n.atWork(r.Gate)
	}
	if err != nil {
		return lane.TakenOver{}, err
	}
	specs, notes, err := n.devicesToTake(ctx, r, codes)
	if err != nil {
		return lane.TakenOver{}, err
	}
	e, err := n.openDevices(specs)
	if err != nil {
		return lane.TakenOver{}, err
	}
	t := state.Taken{Gate: r.Gate, Lanes: codes, Devices: specs, At: n.state.Clock().Now()}
	e = e.asTaken(r.Gate)
	err = n.desk.TakeLanes(ctx, r.Gate, e.Equipment, func(ctx context.Context, actor string) error {
		t.By = actor
		return n.state.TakeLanes(ctx, t, fmt.Sprintf("Gate %s has taken over lanes %s of gate %s.", n.state.Gate(), strings.Join(t.Names(), ", "), t.Gate))
	})
	if err != nil {
		return lane.TakenOver{}, err
	}
	n.runReaders(r.Gate, e)
	n.log.Info("lanes of another gate were taken over", "gate", t.Gate, "lanes", t.Lanes, "by", t.By)
	n.judgeOthers(ctx)
	return lane.TakenOver{Gate: t.Gate, Lanes: t.Names(), Notes: notes}, nil
}

// GiveLanes makes this gate run the lanes of another no more.
func (n *Node) GiveLanes(ctx context.Context, gate string, force bool) (lane.TakenOver, error) {
	n.taken.mu.Lock()
	defer n.taken.mu.Unlock()
	list := n.state.Taken()
	i := slices.IndexFunc(list, func(t state.Taken) bool { return t.Gate == gate })
	if i < 0 {
		return lane.TakenOver{}, parking.Errorf(parking.NotFound, "This gate does not run any lane of gate %q.", cutText(gate))
	}
	names := list[i].Names()
	err := n.desk.GiveLanes(ctx, gate, force, func(ctx context.Context, actor string) error {
		return n.state.GiveLanes(ctx, gate, actor, fmt.Sprintf("Gate %s has given lanes %s back to gate %s.", n.state.Gate(), strings.Join(names, ", "), gate))
	})
	if err != nil {
		return lane.TakenOver{}, err
	}
	if r, ok := n.taken.readers[gate]; ok {
		r.stop()
		r.done.Wait()
		delete(n.taken.readers, gate)
	}
	n.state.EndTrouble(state.TroubleLanesClosed)
	n.log.Info("lanes of another gate were given back", "gate", gate)
	n.judgeOthers(ctx)
	return lane.TakenOver{Gate: gate, Lanes: names}, nil
}

// lanesToTake are the lanes that are asked for, by their gate's codes.
func (n *Node) lanesToTake(r lane.TakeRequest) ([]string, error) {
	site := n.state.Site()
	switch {
	case r.Gate == site.Gate:
		return nil, parking.Errorf(parking.Invalid, "This is gate %s; its lanes are its own.", r.Gate)
	case !slices.ContainsFunc(site.Config.Gates, func(g parking.Gate) bool { return g.Code == r.Gate }):
		return nil, parking.Errorf(parking.NotFound, "The site has no gate %q.", cutText(r.Gate))
	case slices.ContainsFunc(n.state.Taken(), func(t state.Taken) bool { return t.Gate == r.Gate }):
		return nil, parking.Errorf(parking.Conflict, "This gate runs lanes of gate %s already. To change something, give them back first: gate take %s --back.", r.Gate, r.Gate)
	}
	var all, codes []string
	for _, l := range site.Config.Lanes {
		if l.Gate == r.Gate {
			all = append(all, l.Code)
		}
	}
	slices.Sort(all)
	for _, name := range r.Lanes {
		code := strings.TrimPrefix(name, r.Gate+"/")
		if !slices.Contains(all, code) {
			return nil, parking.Errorf(parking.NotFound, "Gate %s has no lane %q.", r.Gate, cutText(name))
		}
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(r.Lanes) == 0 {
		codes = all
	}
	if len(codes) == 0 {
		return nil, parking.Errorf(parking.NotFound, "Gate %s has no lanes.", r.Gate)
	}
	if sum := len(site.Lanes()) + len(codes); sum > parking.MaxLanes {
		return nil, parking.Errorf(parking.Conflict, "This gate would run %d lanes, and a gate runs at most %d. Name those that matter most with --lane %s, and take the others at another gate.",
			sum, parking.MaxLanes, parking.LaneOf(r.Gate, codes[0]))
	}
	return codes, nil
}

// devicesToTake is what stands at the lanes: as it was heard of their gate, and as
// it is given, which counts more.
func (n *Node) devicesToTake(ctx context.Context, r lane.TakeRequest, codes []string) (state.Devices, []string, error) {
	if err := r.Devices.Validate(); err != nil {
		return state.Devices{}, nil, err
	}
	given, err := ofLanes(r.Devices, r.Gate, codes, true)
	if err != nil {
		return state.Devices{}, nil, err
	}
	heard, err := n.state.DevicesOf(ctx, r.Gate)
	if err != nil {
		return state.Devices{}, nil, err
	}
	if heard.Empty() && given.Empty() {
		name := parking.LaneOf(r.Gate, codes[0])
		return state.Devices{}, nil, parking.Errorf(parking.NotFound,
			"Nothing was heard of what stands at the lanes of gate %s. Say it: --barrier %s=… --camera %s=…, as gate run was told there.", r.Gate, name, name)
	}
	if heard, err = ofLanes(heard, r.Gate, codes, false); err != nil {
		return state.Devices{}, nil, err
	}
	heard, notes := reachable(heard, r.Gate)
	specs := over(heard, given)
	for _, code := range codes {
		if specs.Barriers[code] == "" {
			notes = append(notes, fmt.Sprintf("No barrier is known of lane %s; it is opened by hand.", parking.LaneOf(r.Gate, code)))
		}
	}
	return specs, notes, nil
}

// openTaken opens, at a start, what stands at the lanes of other gates that this
// one runs. What cannot be opened is away: this gate's own lanes do not wait for
// it.
func (n *Node) openTaken(cfg *equipment) {
	for _, t := range n.state.Taken() {
		e, err := n.openDevices(t.Devices)
		if err != nil {
			n.log.Error("what stands at lanes of another gate was not opened", "gate", t.Gate, "error", parking.ErrorMessage(err))
			n.state.SetTrouble(state.TroubleLanesClosed, fmt.Sprintf(
				"What stands at lanes %s cannot be opened. Give them back, and take them again: gate take %s.", strings.Join(t.Names(), ", "), t.Gate))
			continue
		}
		e = e.asTaken(t.Gate)
		cfg.Add(e.Equipment)
		n.taken.opened = append(n.taken.opened, opened{t.Gate, e})
	}
}

// runReaders brings the taps at a gate's lanes to the desk.
func (n *Node) runReaders(gate string, e equipment) {
	ctx, stop := context.WithCancel(n.taken.running)
	r := readers{stop: stop, done: new(sync.WaitGroup)}
	n.taken.readers[gate] = r
	for code, reader := range e.readers {
		r.done.Go(func() { n.desk.ReadCards(ctx, code, reader) })
	}
	n.parts.Go(r.done.Wait)
}

// cutText bounds what is repeated of somebody's words.
func cutText(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// lookEvery is how often it is looked whether another gate is at work.
func (n *Node) lookEvery() time.Duration {
	if d := n.cfg.NeighbourTiming.Hello; d > 0 {
		return d
	}
	return 2 * time.Second
}
