package e2e

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/passes"
	"gatehouse/cloud/seed"
)

// knownPass is a pass as this test keeps it, in words of days.
type knownPass struct {
	code      string
	plates    []string
	places    int
	from, to  time.Time // first and last day
	suspended bool
	held      map[string]bool // by plate: inside on it
}

// lets says whether it takes one more vehicle in.
func (p *knownPass) lets(plate string, now time.Time) bool {
	for _, other := range p.plates {
		if other == plate {
			day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
			return !p.suspended && !day.Before(p.from) && !day.After(p.to) && len(p.held) < p.places
		}
	}
	return false
}

// A gate that knows everything decides as the cloud judges: whoever it lets in on
// a pass is in no conflict, and it lets in on a pass everyone whom a third
// opinion, that of this test, would.
func TestWhoKnowsAllDecidesAsTheCloudJudges(t *testing.T) {
	t.Parallel()
	seedOf := uint64(1)
	if v := os.Getenv("PARK_SEED"); v != "" {
		var err error
		if seedOf, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(seedOf, 31))
	r := newRig(t)
	n := r.plainGate(t.TempDir(), r.gateCode("N"), "lan")
	t.Cleanup(func() { closeNodes(t, n) })
	me, err := r.cloud.Auth.Operator(t.Context(), seed.SiteCode)
	if err != nil {
		t.Fatal(err)
	}
	k := &passes.Keeper{Store: r.cloud.Store, Ingest: &ingest.Ingester{Store: r.cloud.Store, Log: slog.New(slog.DiscardHandler)}, Auth: r.cloud.Auth, Now: r.clock.Now}
	zone := time.FixedZone("+7", 7*60*60)
	first := r.clock.Now().In(zone)
	first = time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, zone)
	cars := map[string][]string{"A": {"30A00001", "30A00002", "30A00003"}, "B": {"51F00001", "51F00002"}}
	known, inside := map[string]*knownPass{}, map[string]string{} // by code; by plate, the pass or ""
	change := func(code string) {
		p := &knownPass{code: code, plates: cars[code][rng.IntN(2):], held: map[string]bool{}, suspended: rng.IntN(6) == 0}
		p.places = 1 + rng.IntN(len(p.plates))
		p.from = first.AddDate(0, 0, rng.IntN(4)/3)
		p.to = p.from.AddDate(0, 0, rng.IntN(4))
		in := passes.Pass{
			Code: code, Plates: p.plates, Places: p.places, From: p.from.Format(time.DateOnly), Until: p.to.Format(time.DateOnly), Suspended: p.suspended,
		}
		if was := known[code]; was != nil {
			p.held = was.held
			if err := r.cloud.Store.Pool.QueryRow(t.Context(), `SELECT fact_id FROM versions WHERE kind = 'pass' AND key = $1
				ORDER BY from_at DESC, seq DESC LIMIT 1`, code).Scan(&in.Seen); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.PutPass(t.Context(), me, in); err != nil {
			t.Fatal(err)
		}
		known[code] = p
		written := int(r.count(`SELECT count(*) FROM versions WHERE kind = 'pass' AND key = $1`, code))
		wait(t, "the gate to know the pass", func() bool { return len(n.State().Site().Lists.Pass(code)) == written })
	}
	change("A")
	change("B")
	on, off := 0, 0
	for range 80 {
		r.clock.Forward(time.Duration(1+rng.IntN(50)) * time.Minute)
		code := []string{"A", "B"}[rng.IntN(2)]
		if rng.IntN(5) == 0 {
			change(code)
			continue
		}
		plate := cars[code][rng.IntN(len(cars[code]))]
		if was, is := inside[plate]; is {
			leaves(t, n, plate)
			delete(inside, plate)
			if was != "" {
				delete(known[was].held, plate)
			}
			continue
		}
		want := ""
		if known[code].lets(plate, r.clock.Now().In(zone)) {
			want = code
			known[code].held[plate] = true
			on++
		} else {
			off++
		}
		if _, stay := drives(t, n, plate); stay.Pass != want {
			t.Fatalf("%s at %v came in on %q, not %q: %+v", plate, r.clock.Now().In(zone), stay.Pass, want, known[code])
		}
		inside[plate] = want
	}
	if on < 5 || off < 5 {
		t.Fatalf("%d came in on a pass, %d not: nothing is tried", on, off)
	}
	wait(t, "everything to be in the books", func() bool {
		return n.Link().Queue == 0 && r.count(`SELECT count(*) FROM transactions WHERE state = 'inside'`) == int64(len(inside))
	})
	r.mustHaveOpen()
	if n := r.count(`SELECT count(*) FROM transactions WHERE pass IS NOT NULL AND NOT pass_held`); n != 0 {
		t.Errorf("%d hold no place by the cloud", n)
	}
	if n := r.count(`SELECT count(*) FROM transactions WHERE pass IS NOT NULL`); n != int64(on) {
		t.Errorf("%d came in on a pass by the cloud, %d by the gate", n, on)
	}
}
