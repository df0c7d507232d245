package ingest_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// delivery brings a tale to a site.
type delivery struct {
	*tale
	site    *cloudtest.Site
	rng     *rand.Rand
	came    []naiveItem
	unknown []parking.Kind // to the program of the day
}

// bring delivers the tale in one order: the first interleaves all runs, the
// second brings one run after the other (a gate that was cut off for three
// days) to a cloud that is upgraded on the way, the third brings what happened
// last first, as far as runs allow. Now and then it stops to let the state so
// far be looked at, and ends if that finds something to say.
func (h *tale) bring(t *testing.T, s *cloudtest.Site, order int, look func([]naiveItem) string) string {
	t.Helper()
	d := &delivery{tale: h, site: s, rng: rand.New(rand.NewPCG(h.seed, 100+uint64(order)))}
	next := make([]int, len(h.runs))
	turn := d.rng.Perm(len(h.runs))
	if order == 1 {
		d.unknown = d.someKinds()
	}
	for {
		left := slices.DeleteFunc(slices.Clone(turn), func(i int) bool { return next[i] == len(h.runs[i].items) })
		if d.rng.IntN(20) == 0 || (len(left) == 0 && d.unknown != nil) {
			d.upgrade(t)
		}
		if len(left) == 0 {
			return look(d.came)
		}
		i := left[0] // of the second order
		switch order {
		case 0:
			i = left[d.rng.IntN(len(left))]
		case 2:
			i = slices.MaxFunc(left, func(a, b int) int {
				return cmp.Or(h.runs[a].facts[next[a]].At.Compare(h.runs[b].facts[next[b]].At), cmp.Compare(a, b))
			})
		}
		until := next[i] + 1 + d.rng.IntN(min(12, len(h.runs[i].items)-next[i]))
		d.deliver(t, h.runs[i], next[i], until)
		next[i] = until
		if d.rng.IntN(8) == 0 {
			if found := look(d.came); found != "" {
				return found
			}
		}
	}
}

// deliver brings the items from one number to another. Some batches begin with
// what came before: the answer was lost. The cloud writes its own once.
func (d *delivery) deliver(t *testing.T, r *taleRun, from, until int) {
	t.Helper()
	if r.gate == nil {
		d.own(t, r, from, until)
	} else {
		first := from
		if d.rng.IntN(3) == 0 {
			first -= d.rng.IntN(from + 1)
		}
		d.batch(t, r, first, until)
		if d.rng.IntN(4) == 0 {
			d.batch(t, r, 0, until)
		}
	}
	for _, it := range r.items[from:until] {
		f, err := parking.DecodeFact(it.raw)
		it.early = err == nil && r.gate != nil && slices.Contains(d.unknown, f.Kind)
		d.came = append(d.came, it)
	}
}

func (d *delivery) own(t *testing.T, r *taleRun, from, until int) {
	t.Helper()
	var facts []parking.Fact
	for _, it := range r.items[from:until] {
		f, err := parking.DecodeFact(it.raw)
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
	if _, err := ingester(d.site).Take(t.Context(), facts, cloudtest.Noon); err != nil {
		t.Fatalf("the cloud's own facts: %v", err)
	}
}

func (d *delivery) batch(t *testing.T, r *taleRun, from, until int) {
	t.Helper()
	if d.unknown == nil {
		bring(t, d.site, r.gate, r.batch(from, until))
	} else if err := ingester(d.site).TakeOlder(t.Context(), r.batch(from, until), d.unknown, cloudtest.Noon); err != nil {
		t.Fatalf("bring a batch to an older cloud: %v", err)
	}
}

// someKinds are kinds of facts that an older program might not know.
func (d *delivery) someKinds() []parking.Kind {
	all := []parking.Kind{
		parking.KindStarted, parking.KindVehicleIn, parking.KindVehicleOut, parking.KindVehicleBackedOut, parking.KindPlateCorrected,
		parking.KindSlotChanged, parking.KindStayVoided, parking.KindPaymentRequested, parking.KindPaymentTaken, parking.KindRefundPaid,
		parking.KindReceiptIssued, parking.KindTokenLost, parking.KindClockObserved, parking.KindAlive,
		parking.KindMessageRead,
	}
	d.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+d.rng.IntN(4)]
}

// upgrade lets a program that knows every kind of today try again to read what
// is in quarantine.
func (d *delivery) upgrade(t *testing.T) {
	t.Helper()
	d.unknown = nil
	if _, _, err := ingester(d.site).Replay(t.Context(), d.site.ID, cloudtest.Noon, false); err != nil {
		t.Fatalf("replay the quarantine: %v", err)
	}
	for i := range d.came {
		d.came[i].early = false
	}
}
