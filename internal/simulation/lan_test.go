package simulation

import (
	"context"
	"fmt"
	"net"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/neighbour"
	"gatehouse/parking"
)

// Kinds of fault between gates, as a day counts them.
const (
	lanCut      = "LAN cut"
	lanSlow     = "LAN slow"
	internetCut = "internet cut with the LAN up"
	heardExit   = "exit known over the LAN alone"
	heardBefore = "exit heard of before the LAN was cut"
)

// lan is the local network of the machines: a cable between any two of them,
// with weather of its own.
type lan struct {
	cables map[string]*line
	ports  map[string]*listener // by address: who listens there
}

func newLAN(seed uint64, labels ...string) *lan {
	n := &lan{cables: map[string]*line{}, ports: map[string]*listener{}}
	for i, a := range labels {
		for j, b := range labels[:i] {
			n.cables[cable(a, b)] = newLine(lanAddress(a), seed<<8|uint64(200+8*i+j), nil)
		}
	}
	return n
}

// cable names the cable between two machines.
func cable(a, b string) string { return min(a, b) + max(a, b) }

func lanAddress(label string) string { return fmt.Sprintf("10.1.0.%d:7600", label[0]) }

// set changes the weather everywhere.
func (n *lan) set(w weather) {
	for _, c := range n.cables {
		c.set(w)
	}
}

// of are the cables of one machine.
func (n *lan) of(label string) []*line {
	var out []*line
	for name, c := range n.cables {
		if name[:1] == label || name[1:] == label {
			out = append(out, c)
		}
	}
	return out
}

// plug is the way of one process of a gate to its neighbours.
type plug struct {
	post     *post
	listener *listener
	pulled   chan struct{} // closed when the process is gone
}

// plugIn gives the gate's next process its place in the network.
func (p *post) plugIn() {
	p.plug = &plug{post: p, listener: newListener(), pulled: make(chan struct{})}
	p.world.lanMu.Lock()
	p.world.lan.ports[lanAddress(p.label)] = p.plug.listener
	p.world.lanMu.Unlock()
}

// pull takes the process out of the network, with all of its connections.
func (p *post) pull() {
	if p.plug == nil {
		return
	}
	close(p.plug.pulled)
	_ = p.plug.listener.Close() // it has no error
	for _, c := range p.world.lan.of(p.label) {
		c.dropAll()
	}
	p.plug = nil
}

func (g *plug) listen(context.Context, string, string) (net.Listener, error) { return g.listener, nil }

// dial reaches the gate at an address, over the cable to it.
func (g *plug) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w := g.post.world
	for _, label := range w.labels {
		if lanAddress(label) != address {
			continue
		}
		return w.lan.cables[cable(g.post.label, label)].connect(ctx, func(weather) *listener {
			select {
			case <-g.pulled:
				return nil
			default:
			}
			w.lanMu.Lock()
			defer w.lanMu.Unlock()
			return w.lan.ports[address]
		})
	}
	return nil, errRefused
}

// neighbourTiming is the protocol's, stretched like the other periods; greetings
// five times more, since facts wait for none and each day would have thousands.
func neighbourTiming(pace int) neighbour.Timing {
	by := time.Duration(pace)
	if pace > 1 {
		by *= 5
	}
	return neighbour.Timing{
		Hello: by * 2 * time.Second, Silent: by * 7 * time.Second, BackoffCap: min(time.Duration(pace)*5*time.Second, 30*time.Second),
	}
}

// neighbours are the addresses of the other gates.
func (p *post) neighbours() map[string]string {
	out := map[string]string{}
	for _, code := range p.world.codes {
		if code != p.code && !p.world.alone {
			out[code] = lanAddress(code)
		}
	}
	return out
}

// planLAN lets the weather between gates change: slow for a while, cut for a
// while, and the internet gone with the LAN up.
func (w *world) planLAN() {
	early := w.day * 3 / 4
	for _, now := range []weather{slow, cut} {
		while := w.while()
		w.after(moment(w.rng, early), func() { w.lanWeather(now, while) })
	}
	w.planOutage(moment(w.rng, w.day/4))
}

func (w *world) lanWeather(now weather, while time.Duration) {
	if w.outage {
		w.after(comeBack, func() { w.lanWeather(now, while) })
		return
	}
	w.did[map[weather]string{slow: lanSlow, cut: lanCut}[now]]++
	w.lan.set(now)
	w.after(while, func() {
		if !w.outage {
			w.lan.set(fair)
		}
	})
}

// Times of an outage.
const (
	hearing    = time.Minute // in which neighbours pass on what they hear of, whatever the pace
	outageEach = 12 * time.Minute
)

// planOutage cuts the internet for all gates and leaves the LAN up. A vehicle
// comes in at one gate and leaves by another, which has heard of it from its
// neighbour alone; a second one leaves when the LAN has gone, too. What could
// not be tried, since a gate was off or ended meanwhile, is tried in another.
func (w *world) planOutage(in time.Duration) {
	w.after(in, func() {
		a, b := w.running()
		if a == nil {
			w.planOutage(comeBack)
			return
		}
		w.outage = true
		w.did[internetCut]++
		w.lan.set(fair)
		for _, p := range w.posts {
			p.set(p.weather)
		}
		w.after(outageEach, func() {
			w.outage = false
			w.lan.set(fair)
			for _, p := range w.posts {
				p.set(p.weather)
			}
			if w.did[heardExit] == 0 || w.did[heardBefore] == 0 {
				w.planOutage(comeBack)
			}
		})
		// They find each other again at the latest after the longest wait and a dial.
		w.after(2*hearing, func() { w.probe(a, b, false) })
		w.after(5*hearing, func() { w.probe(a, b, true) })
	})
}

// running are two gates that run, nil for none. What one has of a gate that is
// two machines may be what the other one said.
func (w *world) running() (a, b *post) {
	for _, i := range w.rng.Perm(len(w.posts)) {
		switch p := w.posts[i]; {
		case p.node == nil || w.twofold(p):
		case a == nil:
			a = p
		default:
			return a, p
		}
	}
	return nil, nil
}

// probe lets a vehicle in at a and out at b, with the internet cut.
func (w *world) probe(a, b *post, thenCut bool) {
	from, to := a.node, b.node
	if from == nil || to == nil || w.twofold(a) || w.twofold(b) {
		return
	}
	w.probes++
	d := newDriver(w.seed, 6000+w.probes, w.day)
	d.plate, d.class, d.method = fmt.Sprintf("51B%05d", w.probes), parking.Car, parking.Cash
	if !w.enter(a, d) {
		return
	}
	w.after(hearing, func() {
		switch {
		case a.node != from || b.node != to || w.twofold(a) || w.twofold(b): // a gate ended meanwhile, or is two: nothing can be said
			w.depart(d)
		case thenCut:
			w.lan.set(cut)
			w.after(hearing, func() { w.leaves(d, b, to, heardBefore) })
		default:
			w.leaves(d, b, to, heardExit)
		}
	})
}

// leaves lets the vehicle of a probe out at a gate that can only have heard of
// it from its neighbour.
func (w *world) leaves(d *driver, b *post, to *gate.Node, what string) {
	if b.node != to || w.twofold(b) {
		w.depart(d)
		return
	}
	answer, err := to.Desk().Out(w.acting, lane.OutRequest{Lane: "2", Plate: d.plate, Method: d.method})
	if err == nil {
		w.left(d, answer.Due)
		w.did[what]++
		return
	}
	if parking.ErrorCode(err) == parking.NotFound {
		w.fail("gate %s has not heard of %s, which came in while the internet was cut and the LAN was up", b.code, d.plate)
	}
	w.turnedAway(err)
	w.depart(d)
}
