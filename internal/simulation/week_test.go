package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

const (
	shortStays = 250 // when PARK_STAYS does not say how many
	staysADay  = 20_000 / 7
	fullNight  = 600 // in a day: with fewer, vehicles with plates alike seldom meet
)

// A week of four gates with two shifts a day, cuts, kills, and every way to pay:
// what drivers remember, what lies in the drawers, the books, the revenue page
// and its PDF agree to the dong; and what a dishonest guard does shows where
// docs/LEAKAGE.md says. PARK_STAYS says how many drivers come (20,000 are the
// week), PARK_SEED another week.
func TestAWeekOfMoney(t *testing.T) {
	t.Parallel()
	stays, seed := number(t, "PARK_STAYS", shortStays), uint64(number(t, "PARK_SEED", 1)) //nolint:gosec // more than 0
	s := cloudtest.NewSite(t, nil)
	g := &ground{site: s}
	for _, code := range []string{"N", "S", "E", "W"} {
		g.gates = append(g.gates, s.Enrol(t, code))
	}
	for _, name := range nightGuards {
		person := auth.NewPerson{Name: name, Display: name, Role: auth.RoleGuard, Language: "vi", Password: uuid.NewString()}
		if err := s.Auth.AddPerson(t.Context(), s.Operator(t), person); err != nil {
			t.Fatal(err)
		}
	}
	s.Store.Pool.Reset()
	o := options{seed: seed, day: max(1, time.Duration((stays+staysADay-1)/staysADay)) * 24 * time.Hour, pace: pace, alive: 4 * time.Minute, dir: folder(t)}
	began := time.Now()
	var k *week
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(t.Context(), s, g.gates, o)
		defer w.leave()
		k = newWeek(w, stays)
		if err != nil {
			w.fail("the week did not begin: %v", err)
			return
		}
		k.live()
		w.heal()
		w.checkViews()
	})
	t.Logf("%d stays in %s simulated, %s here: %+v, faults %v", k.book.came, o.day, time.Since(began).Round(time.Second), k.book, k.w.did)
	if errs := append(k.w.errs, k.check(t, g)...); len(errs) > 0 {
		t.Fatalf("%s\n\nrepeat it: PARK_STAYS=%d PARK_SEED=%d go test -run '^TestAWeekOfMoney$' ./internal/simulation",
			strings.Join(errs[:min(40, len(errs))], "\n"), stays, seed)
	}
}

// week is a world whose drivers and guards remember their money.
type week struct {
	w      *world
	stays  int
	rng    *rand.Rand
	tills  map[string]*till // of the guard on duty, by gate
	closed []*till
	cards  []string             // that nobody holds
	bank   int64                // last id of a transfer
	acted  map[string]time.Time // when somebody went through a lane, by gate and lane
	paying map[string]bool      // lanes at which somebody waits for his bank, by gate and lane
	visits map[uuid.UUID]*visit
	book   memory
	theft  theft
}

// memory is what all drivers remember together.
type memory struct {
	came, left, early, lost, refunds, byBank, byHand, late int
	cash, transfers, back                                  parking.Money
	reviewed                                               parking.Money // of the transfers, what came after its payer had left
}

// counted is what the books must have of transfers.
func (m *memory) counted() parking.Money { return m.transfers - m.reviewed }

// dayGuards and nightGuards stand at the gates, in the order of these.
var (
	dayGuards   = []string{"lan", "minh", "hoa", "tuan"}
	nightGuards = []string{"binh", "cuong", "hung", "dung"}
)

// thief is the guard who is not honest; he stands at gate E by night.
const thief = "hung"

func newWeek(w *world, stays int) *week {
	k := &week{
		w: w, stays: stays, rng: rand.New(rand.NewPCG(w.seed, 21)), tills: map[string]*till{}, visits: map[uuid.UUID]*visit{},
		acted: map[string]time.Time{}, paying: map[string]bool{}, theft: theft{picks: map[uuid.UUID]parking.Money{}},
	}
	for n := range 2 * staysADay {
		k.cards = append(k.cards, fmt.Sprintf("CARD-%05d", n))
	}
	return k
}

// live runs the week: guards come at six and at eighteen at the site, drivers
// all day, and lines break.
func (k *week) live() {
	w := k.w
	w.tap.begin()
	for i, p := range w.posts {
		k.begin(p, dayGuards[i])
		for at := shift; at < w.day; at += shift {
			name := nightGuards[i]
			if at/shift%2 == 0 {
				name = dayGuards[i]
			}
			w.after(at, func() { k.handOver(p, name) })
		}
	}
	for i := range k.stays {
		v := k.newVisit(i)
		w.after(v.in, func() { k.comes(v) })
	}
	k.planLines()
	k.planTheft()
	w.play(w.day + 3*time.Hour) // who is inside leaves
	for _, p := range w.posts {
		k.handOver(p, "")
	}
}

// planLines cuts each gate's line now and then, all of them at once sometimes,
// and kills a gate's program once a day.
func (k *week) planLines() {
	w := k.w
	days := int(w.day / (24 * time.Hour))
	for _, p := range w.posts {
		for range 2 * days {
			now := []weather{cut, cut, upLost, downLost, refused, portal}[k.rng.IntN(6)]
			at, lasts := moment(k.rng, w.day), 5*time.Minute+moment(k.rng, 2*time.Hour)
			w.after(at, func() {
				p.set(now)
				w.did[now.String()]++
				w.after(lasts, func() { p.set(fair) })
			})
		}
	}
	for range days {
		p := w.posts[k.rng.IntN(len(w.posts))]
		w.after(moment(k.rng, w.day), func() {
			w.must("kill gate "+p.code, p.kill())
			w.did[gateKilled]++
			w.after(time.Minute, func() { w.must("start", p.start()) })
		})
		at, lasts := moment(k.rng, w.day), 10*time.Minute+moment(k.rng, time.Hour)
		w.after(at, func() {
			w.did[internetCut]++
			k.internet(false)
			w.after(lasts, func() { k.internet(true) })
		})
	}
}

// internet cuts all gates off, or no longer; each keeps the weather of its own line.
func (k *week) internet(up bool) {
	k.w.outage = !up
	for _, p := range k.w.posts {
		p.set(p.weather)
	}
}
