package parking

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"
)

// A site in which everything goes wrong: messages come late, twice or never
// and in any order, gates and their programs end and start, the cloud is
// restored from an old backup. There is no clock at all. What decides is the
// code that gates and cloud run; what is simulated is the ground, the disks
// and the network.
type loanSite struct {
	t     *testing.T
	rng   *rand.Rand
	trace []string
	seed  uint64

	truth  map[string]int // what stands in a slot, 0 for nothing
	next   int            // vehicles so far
	gates  []*loanGate
	cloud  *loanCloud
	backup *loanCloud
	late   []func() // messages under way
	mutant string   // what is broken on purpose, for the control
	lan    bool     // the gates reach each other, too
	onLAN  int      // loans over the local network, and vehicles let in under one
	nearIn int
}

type loanFact struct {
	epoch   Epoch
	seq     int64
	slot    string
	vehicle int
	out     bool
}

// told is a slot with all that stands in it by the facts held.
type told struct {
	Slot
	inside []int
}

type loanEntry struct {
	slots  []told
	covers map[string]map[Epoch]int64
	gone   []int
}

type loanCloud struct {
	inc     uuid.UUID
	rights  map[string]Right
	inside  map[string]map[int]bool // by slot: IN held and no OUT
	gone    map[int]bool
	held    map[string]map[Epoch]int64
	entries []loanEntry
}

type loanGate struct {
	code  string
	start int
	// on disk
	inc    uuid.UUID
	seq    int // of the feed
	base   map[string]told
	ledger map[string]Lent
	near   map[string]NearLent
	facts  []loanFact
	heard  map[string][]loanFact // other gates' facts, of each run from the first on
	covers map[string]map[Epoch]int64
	gone   map[int]bool // what the cloud has told to have left
	// in memory
	up      map[string]GivenUp
	got     *NearBorrowed
	notes   map[string]int // to neighbours
	factSeq int64
	offered string // at its lane
}

func (g *loanGate) epoch() Epoch { return NewEpoch(g.start, [8]byte{byte(len(g.code))}) }

func newLoanSite(t *testing.T, seed uint64) *loanSite {
	s := &loanSite{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 5)), truth: map[string]int{}}
	s.cloud = &loanCloud{
		inc: s.newID(), rights: map[string]Right{}, inside: map[string]map[int]bool{}, gone: map[int]bool{},
		held: map[string]map[Epoch]int64{},
	}
	for _, code := range []string{"A", "B", "C"} {
		s.cloud.held[code] = map[Epoch]int64{}
		s.gates = append(s.gates, &loanGate{
			code: code, base: map[string]told{}, ledger: map[string]Lent{}, near: map[string]NearLent{}, heard: map[string][]loanFact{},
		})
		for i := range 2 {
			s.cloud.rights[fmt.Sprint(code, i)] = Right{Home: code}
		}
	}
	for _, g := range s.gates {
		s.restart(g)
		s.feed(g)
	}
	s.backup = s.cloud.clone()
	return s
}

func (s *loanSite) newID() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(s.rng.Uint32())
	}
	return id
}

func (s *loanSite) note(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf(format, args...))
}

func (c *loanCloud) clone() *loanCloud {
	d := &loanCloud{
		inc: c.inc, rights: maps.Clone(c.rights), inside: map[string]map[int]bool{}, gone: maps.Clone(c.gone),
		held: map[string]map[Epoch]int64{}, entries: slices.Clone(c.entries),
	}
	for k, v := range c.inside {
		d.inside[k] = maps.Clone(v)
	}
	for k, v := range c.held {
		d.held[k] = maps.Clone(v)
	}
	return d
}

// slot is the slot as the feed tells it.
func (c *loanCloud) slot(code string) told {
	r := c.rights[code]
	return told{Slot{Code: code, Home: r.Home, Loan: r.Loan, State: SlotFree}, slices.Sorted(maps.Keys(c.inside[code]))}
}

// change writes rights that have changed and tells them in the feed.
func (s *loanSite) change(code string, to Right) {
	c := s.cloud
	from := c.rights[code]
	if from == to {
		return
	}
	s.note("cloud: %s home %s loan %d to %q %s, ask %v", code, to.Home, to.Loan.N, to.Loan.To, to.Loan.Epoch, to.Ask)
	c.rights[code] = to
	c.entries = append(c.entries, loanEntry{slots: []told{c.slot(code)}})
}

func (c *loanCloud) takeFacts(gate string, facts []loanFact) {
	var touched []told
	for _, f := range facts {
		held := c.held[gate][f.epoch]
		if f.seq != held+1 {
			if f.seq > held {
				return
			}
			continue
		}
		c.held[gate][f.epoch] = f.seq
		if f.slot == "" {
			continue
		}
		if f.out {
			c.gone[f.vehicle] = true
			delete(c.inside[f.slot], f.vehicle)
		} else if !c.gone[f.vehicle] {
			if c.inside[f.slot] == nil {
				c.inside[f.slot] = map[int]bool{}
			}
			c.inside[f.slot][f.vehicle] = true
		}
		touched = append(touched, c.slot(f.slot))
	}
	var gone []int
	for _, f := range facts {
		if c.gone[f.vehicle] {
			gone = append(gone, f.vehicle)
		}
	}
	c.entries = append(c.entries, loanEntry{slots: touched, covers: map[string]map[Epoch]int64{gate: maps.Clone(c.held[gate])}, gone: gone})
}

// send puts a message on its way: it is lost, comes, or comes twice, sometime.
func (s *loanSite) send(deliver func()) {
	for range []int{0, 1, 1, 1, 2}[s.rng.IntN(5)] {
		s.late = append(s.late, deliver)
	}
	if len(s.late) > 60 {
		s.late = slices.Delete(s.late, 0, 1)
	}
}

// feed brings a gate the next entries, or a snapshot under another incarnation.
func (s *loanSite) feed(g *loanGate) {
	c := s.cloud
	if g.inc != c.inc {
		g.inc, g.seq, g.gone, g.covers = c.inc, len(c.entries), maps.Clone(c.gone), map[string]map[Epoch]int64{}
		for gate, held := range c.held {
			g.covers[gate] = maps.Clone(held)
		}
		for _, code := range slices.Sorted(maps.Keys(c.rights)) {
			s.tell(g, c.slot(code))
		}
		s.note("%s takes a snapshot", g.code)
		return
	}
	for n := s.rng.IntN(4); n >= 0 && g.seq < len(c.entries); n-- {
		e := c.entries[g.seq]
		g.seq++
		for _, slot := range e.slots {
			s.tell(g, slot)
		}
		for gate, held := range e.covers {
			for epoch, seq := range held {
				g.covers[gate][epoch] = max(g.covers[gate][epoch], seq)
			}
		}
		for _, v := range e.gone {
			g.gone[v] = true
		}
	}
}

func (s *loanSite) tell(g *loanGate, slot told) {
	g.base[slot.Code] = slot
	if l, ok := g.ledger[slot.Code]; ok {
		g.ledger[slot.Code] = l.Told(g.inc, slot.Slot)
	}
}

// restart ends the gate's program and starts it again.
func (s *loanSite) restart(g *loanGate) {
	g.start++
	g.up, g.offered, g.factSeq, g.got, g.notes = map[string]GivenUp{}, "", 0, &NearBorrowed{}, map[string]int{}
	s.write(g, loanFact{})
	s.note("%s starts", g.code)
}

func (s *loanSite) write(g *loanGate, f loanFact) {
	g.factSeq++
	f.epoch, f.seq = g.epoch(), g.factSeq
	g.facts = append(g.facts, f)
}

// view is a slot as the gate knows it, the cloud's word and its own facts, and
// what stands in it.
func (g *loanGate) view(code string) (Slot, []int) {
	v := g.base[code]
	inside := slices.Clone(v.inside)
	var out []int
	look := func(gate string, facts []loanFact) {
		for i := range facts {
			switch f := &facts[i]; {
			case f.slot != code || f.seq <= g.covers[gate][f.epoch]:
			case f.out:
				out = append(out, f.vehicle)
			default:
				inside = append(inside, f.vehicle)
			}
		}
	}
	look(g.code, g.facts)
	for gate, facts := range g.heard {
		look(gate, facts)
	}
	inside = slices.DeleteFunc(inside, func(v int) bool { return g.gone[v] || slices.Contains(out, v) })
	if len(inside) > 0 {
		v.State = SlotOccupied
	}
	return v.Slot, inside
}

func (g *loanGate) free(code string) bool {
	slot, _ := g.view(code)
	return slot.State == SlotFree
}

// behind says whether the feed lacks facts of earlier runs.
func (g *loanGate) behind() bool {
	return slices.ContainsFunc(g.facts, func(f loanFact) bool { return f.epoch != g.epoch() && f.seq > g.covers[g.code][f.epoch] })
}

func (g *loanGate) may(code string) bool {
	if _, ok := g.got.Offers(code); ok {
		return true
	}
	return !g.nearBlocks(code) && MayOffer(g.code, g.epoch(), g.inc, g.base[code].Slot, g.ledger[code], g.up[code])
}

// say is a gate's note, as gates make it.
func (s *loanSite) say(g *loanGate) {
	n := LoanNote{Incarnation: g.inc}
	for _, code := range slices.Sorted(maps.Keys(g.base)) {
		slot := g.base[code]
		if l := g.ledger[code]; l.Blocks() && (l.Known != g.inc || slot.Loan.N < l.N) {
			n.Lent = append(n.Lent, LentWord{Asked: l.Asked, Seen: slot.Loan.N})
		}
		if slot.Loan.To == g.code && g.offered != code {
			if g.may(code) && s.rng.IntN(3) == 0 {
				g.up[code] = GivenUp{N: slot.Loan.N, Incarnation: slot.Loan.Incarnation}
			}
			if !g.may(code) && !g.behind() && !g.ledger[code].Blocks() && !g.nearUncovered(code) || s.mutant == "forgets it has returned" {
				seq := g.factSeq
				if s.mutant == "returned before the facts" {
					seq = 0
				}
				n.Returned = append(n.Returned, Returned{Slot: code, N: slot.Loan.N, Epoch: g.epoch(), Seq: seq})
			}
		}
		if s.rng.IntN(6) == 0 {
			n.Want = append(n.Want, code)
		}
	}
	if n.Empty() {
		return
	}
	epoch := g.epoch()
	s.send(func() { s.hear(g.code, epoch, n) })
}

// hear is the cloud's part of a note.
func (s *loanSite) hear(gate string, epoch Epoch, n LoanNote) {
	c := s.cloud
	if n.Incarnation != c.inc {
		return
	}
	for _, w := range n.Lent {
		s.change(w.Slot, c.rights[w.Slot].Agreed(c.inc, gate, w))
	}
	for _, w := range n.Kept {
		s.change(w.Slot, c.rights[w.Slot].Refused(gate, w.N))
	}
	for _, w := range n.Returned {
		s.change(w.Slot, c.rights[w.Slot].GaveBack(gate, w, c.held[gate][w.Epoch]))
	}
	for _, code := range n.Want {
		s.change(code, c.rights[code].Wanted(c.inc, code, gate, epoch, s.rng.IntN(5) == 0))
	}
}

// ask sends out what the cloud asks of home gates.
func (s *loanSite) ask() {
	for _, code := range slices.Sorted(maps.Keys(s.cloud.rights)) {
		r := s.cloud.rights[code]
		if r.Ask == nil {
			continue
		}
		ask := *r.Ask
		for _, g := range s.gates {
			if g.code == r.Home {
				s.send(func() { s.lend(g, ask) })
			}
		}
		if s.mutant == "granted before acknowledged" {
			s.change(ask.Slot, r.Agreed(s.cloud.inc, r.Home, LentWord{Asked: ask}))
		}
	}
}

func (s *loanSite) lend(g *loanGate, ask Asked) {
	l := g.ledger[ask.Slot]
	lent := false
	if (g.offered != ask.Slot || l.Asked == ask) && (l.Blocks() || !g.nearBlocks(ask.Slot)) {
		slot, _ := g.view(ask.Slot)
		l, lent = l.Lend(g.code, g.inc, slot, ask)
	}
	n := LoanNote{Incarnation: g.inc}
	switch {
	case lent:
		g.ledger[ask.Slot] = l
		n.Lent = []LentWord{{Asked: ask, Seen: g.base[ask.Slot].Loan.N}}
		s.note("%s lends %s to %s as %d", g.code, ask.Slot, ask.To, ask.N)
	case !l.Blocks():
		n.Kept = []Returned{{Slot: ask.Slot, N: ask.N}}
	default:
		return
	}
	s.send(func() { s.hear(g.code, g.epoch(), n) })
}

// offer shows a slot at the gate's lane, and take lets the vehicle in there.
func (s *loanSite) offer(g *loanGate) {
	if g.offered != "" {
		if !g.may(g.offered) || !g.free(g.offered) {
			g.offered = ""
			return
		}
		if s.rng.IntN(3) == 0 {
			g.offered = "" // it turned back
			return
		}
		s.next++
		s.note("%s puts vehicle %d into %s", g.code, s.next, g.offered)
		if s.truth[g.offered] != 0 {
			s.fail(fmt.Sprintf("gate %s puts a vehicle into %s, where %d stands", g.code, g.offered, s.truth[g.offered]))
			return
		}
		s.truth[g.offered] = s.next
		if _, near := g.got.Offers(g.offered); near {
			s.nearIn++
		}
		s.write(g, loanFact{slot: g.offered, vehicle: s.next})
		g.offered = ""
		return
	}
	var free []string
	for code := range g.base {
		if g.may(code) && g.free(code) {
			free = append(free, code)
		}
	}
	if len(free) > 0 {
		slices.Sort(free)
		g.offered = free[s.rng.IntN(len(free))]
	}
}

// leave lets some vehicle that the gate knows out.
func (s *loanSite) leave(g *loanGate) {
	for _, code := range slices.Sorted(maps.Keys(s.truth)) {
		v := s.truth[code]
		if _, known := g.view(code); v != 0 && slices.Contains(known, v) {
			s.truth[code] = 0
			s.write(g, loanFact{slot: code, vehicle: v, out: true})
			s.note("%s lets vehicle %d out of %s", g.code, v, code)
			return
		}
	}
}

func (s *loanSite) upload(g *loanGate) {
	var batch []loanFact
	held := s.cloud.held[g.code]
	for _, f := range g.facts {
		if f.seq > held[f.epoch] && len(batch) < 3 {
			batch = append(batch, f)
		}
	}
	if len(batch) > 0 {
		s.send(func() { s.cloud.takeFacts(g.code, batch) })
	}
}

func (s *loanSite) restore() {
	s.cloud = s.backup.clone()
	s.cloud.inc = s.newID()
	s.note("the cloud is restored")
}

func (s *loanSite) fail(why string) {
	s.trace = append(s.trace, why)
	s.truth = nil
}

func (s *loanSite) step() {
	g := s.gates[s.rng.IntN(len(s.gates))]
	if s.lan && s.rng.IntN(4) == 0 {
		s.nearStep(g)
		return
	}
	switch n := s.rng.IntN(100); {
	case n < 22:
		if len(s.late) > 0 {
			i := s.rng.IntN(len(s.late))
			if s.rng.IntN(2) == 0 {
				i = 0
			}
			deliver := s.late[i]
			s.late = slices.Delete(s.late, i, i+1)
			deliver()
		}
	case n < 38:
		s.feed(g)
	case n < 50:
		s.say(g)
	case n < 58:
		s.ask()
	case n < 76:
		s.offer(g)
	case n < 84:
		s.leave(g)
	case n < 92:
		s.upload(g)
	case n < 94:
		s.pass(g)
	case n < 96:
		s.restart(g)
	case n < 97:
		for _, code := range slices.Sorted(maps.Keys(s.cloud.rights)) {
			r := s.cloud.rights[code]
			if r.Ask != nil {
				s.change(code, r.Refused(r.Home, r.Ask.N)) // no answer in time
			}
		}
	case n < 98:
		s.backup = s.cloud.clone()
	case n < 99 && s.rng.IntN(4) == 0:
		s.restore()
	}
}

// check sees that no two gates would hand out one slot, and none a taken one.
func (s *loanSite) check() {
	for _, code := range slices.Sorted(maps.Keys(s.cloud.rights)) {
		var who []string
		for _, g := range s.gates {
			if g.may(code) && g.free(code) {
				who = append(who, g.code)
			}
		}
		if len(who) > 1 || len(who) == 1 && s.truth[code] != 0 {
			for _, g := range s.gates {
				s.note("%s: base %+v covers %v facts %+v", g.code, g.base[code], g.covers, g.facts)
			}
			s.fail(fmt.Sprintf("%s would be handed out by %v; in it stands %d", code, who, s.truth[code]))
			return
		}
	}
}

// run plays one history; it returns what went wrong, "" for nothing.
func (s *loanSite) run(steps int) string {
	for range steps {
		s.step()
		if s.truth != nil {
			s.check()
		}
		if s.truth == nil {
			return s.trace[len(s.trace)-1]
		}
	}
	return ""
}

func loanRounds(t *testing.T, otherwise int) (from, n uint64) {
	t.Helper()
	if v := os.Getenv("PARK_SEED"); v != "" {
		seed, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return seed, 1
	}
	if v := os.Getenv("PARK_ROUNDS"); v != "" {
		rounds, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		otherwise = rounds
	}
	return 1, uint64(otherwise)
}

// Gates that take what they are offered never collide, whatever is cut, and
// whenever. PARK_ROUNDS says how many histories are tried, PARK_SEED which one.
func TestOffersNeverCollide(t *testing.T) {
	t.Parallel()
	from, rounds := loanRounds(t, 250)
	lent, used, forGood, restored := 0, 0, 0, 0
	for seed := from; seed < from+rounds; seed++ {
		s := newLoanSite(t, seed)
		if why := s.run(600); why != "" {
			for _, line := range s.trace[max(0, len(s.trace)-60):] {
				t.Log(line)
			}
			t.Fatalf("PARK_SEED=%d: %s", seed, why)
		}
		for code, r := range s.cloud.rights {
			if r.Loan.N > 0 {
				lent++
			}
			if r.Home != code[:1] {
				forGood++
			}
		}
		for _, g := range s.gates {
			for _, f := range g.facts {
				if f.slot != "" && !f.out && f.slot[:1] != g.code {
					used++
				}
			}
		}
		if s.cloud.inc != s.gates[0].inc || s.backup.inc != s.cloud.inc {
			restored++
		}
	}
	t.Logf("%d histories: %d slots with loans, %d vehicles in another gate's slot, %d homes changed, %d restores seen at the end", rounds, lent, used, forGood, restored)
	if rounds > 200 && (used == 0 || forGood == 0 || restored == 0) {
		t.Error("the histories do not show what they should")
	}
}

// The control: each of these breaks the promise, and the same check sees it.
func TestOffersCollideWhenTheRuleIsBroken(t *testing.T) {
	t.Parallel()
	for _, mutant := range []string{"granted before acknowledged", "returned before the facts", "forgets it has returned"} {
		found := false
		for seed := uint64(1); seed <= 400 && !found; seed++ {
			s := newLoanSite(t, seed)
			s.mutant = mutant
			found = s.run(600) != ""
		}
		if !found {
			t.Errorf("%s: 400 histories show no collision: the check is blind", mutant)
		}
	}
}
