package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// history is a set of facts, made by some runs of two gates.
type history struct {
	runs  []*cloudtest.Gate
	stays []uuid.UUID
	rng   *rand.Rand
}

func newHistory(t *testing.T, n, s *cloudtest.Gate, seed uint64) *history {
	h := &history{rng: rand.New(rand.NewPCG(seed, 1))}
	for _, g := range []*cloudtest.Gate{n, s, n, s} {
		h.runs = append(h.runs, cloudtest.NewGate(g.Site, g.Code, g.Key))
	}
	for range 6 {
		h.stays = append(h.stays, uuid.New())
	}
	// Each stay's facts come from any run, at any time, in any order, some of
	// them twice: more disorder than real gates make.
	for range 40 {
		h.fact(t, pick(h, h.stays), cloudtest.Noon.Add(time.Duration(h.rng.IntN(180))*time.Minute))
	}
	return h
}

func pick[T any](h *history, of []T) T { return of[h.rng.IntN(len(of))] }

func (h *history) fact(t *testing.T, stay uuid.UUID, at time.Time) {
	t.Helper()
	var (
		g     = pick(h, h.runs)
		plate = pick(h, []parking.Plate{"30A12345", "30A12346", ""})
		class = pick(h, []parking.Class{parking.Car, parking.Car, parking.Motorbike})
		slot  = pick(h, []string{"N01", "N01", "N02", "S01", "Z99", ""})
		zone  = pick(h, []string{"N", "M"})
		fee   = pick(h, []parking.Money{5000, 8000})
	)
	// A gate's clock never goes back within a run.
	if k := len(g.Facts); k > 0 {
		at = parking.ClampAt(at, g.Facts[k-1].At)
	}
	switch h.rng.IntN(12) {
	case 0, 1, 2, 3:
		g.Fact(t, parking.KindVehicleIn, at, parking.VehicleIn{
			Stay: stay, Lane: "1", Class: class, Plate: plate, Zone: zone, Slot: slot, Tariff: "default", TariffV: 1,
		})
	case 4, 5:
		g.Fact(t, parking.KindVehicleOut, at, parking.VehicleOut{
			Stay: stay, Lane: "2", Class: class, Plate: plate,
			Charge: parking.Charge{Fee: fee, Currency: "VND", In: cloudtest.Noon, Out: at, Tariff: "default", TariffV: 1},
		})
	case 6:
		g.Fact(t, parking.KindPlateCorrected, at, parking.PlateCorrected{Stay: stay, Plate: plate})
	case 7:
		g.Fact(t, parking.KindClassCorrected, at, parking.ClassCorrected{Stay: stay, Class: class})
	case 8, 9:
		g.Fact(t, parking.KindSlotChanged, at, parking.SlotChanged{Stay: stay, Zone: zone, Slot: slot})
	case 10:
		// Two stays may name one payment.
		id := uuid.NewSHA1(uuid.Nil, []byte{byte(h.rng.IntN(4))})
		g.Fact(t, parking.KindPaymentTaken, at, parking.PaymentTaken{Payment: id, Stay: stay, Method: parking.Cash, Amount: fee, Currency: "VND"})
	default:
		if h.rng.IntN(3) == 0 {
			g.Fact(t, parking.KindStayVoided, at, parking.StayVoided{Stay: stay})
		} else {
			g.Fact(t, parking.KindLaneChanged, at, parking.LaneChanged{Lane: "1", Direction: pick(h, []parking.Direction{parking.In, parking.Out})})
		}
	}
}

// play brings the history in one of its orders: runs interleaved, in batches
// of any size, each batch one to three times, some again at the end.
func (h *history) play(t *testing.T, s *cloudtest.Site, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	type sent struct {
		g *cloudtest.Gate
		b *wire.Batch
	}
	var all []sent
	next := make([]int, len(h.runs))
	for {
		var left []int
		for i, g := range h.runs {
			if next[i] < len(g.Facts) {
				left = append(left, i)
			}
		}
		if len(left) == 0 {
			break
		}
		i := left[rng.IntN(len(left))]
		g := h.runs[i]
		until := next[i] + 1 + rng.IntN(min(8, len(g.Facts)-next[i]))
		b := g.Batch(t, g.Facts[next[i]:until])
		for range 1 + rng.IntN(3) {
			bring(t, s, g, b)
		}
		all, next[i] = append(all, sent{g, b}), until
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, again := range all[:len(all)/2] {
		bring(t, s, again.g, again.b)
	}
}

// canonical is the state that must not depend on the order: stays with their
// places, claims, money, vehicles, lanes and standing conflicts. Not in it are
// feed numbers, received_at and what was withdrawn.
func canonical(t *testing.T, s *cloudtest.Site) string {
	t.Helper()
	var out []string
	for _, query := range []string{
		"SELECT to_jsonb(t)::text FROM transactions t",
		"SELECT to_jsonb(c)::text FROM slot_claims c",
		"SELECT to_jsonb(p)::text FROM payments p",
		"SELECT to_jsonb(v)::text FROM vehicles v",
		"SELECT to_jsonb(l)::text FROM lanes l",
		"SELECT (to_jsonb(c) - 'opened_at')::text FROM conflicts c WHERE state = 'open'",
		"SELECT gate || epoch || seq || outcome || id FROM processed_events",
		"SELECT gate || epoch || seq FROM gate_epochs",
	} {
		rows, err := s.Store.Pool.Query(t.Context(), query+" ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, "-- "+query)
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			out = append(out, line)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
	return strings.Join(out, "\n")
}

func forget(t *testing.T, s *cloudtest.Site) {
	t.Helper()
	_, err := s.Store.Pool.Exec(t.Context(), `
TRUNCATE transactions, slot_claims, payments, vehicles, conflicts, processed_events, gate_epochs, facts, feed, quarantine;
UPDATE site_feeds SET feed_seq = 0; UPDATE lanes SET direction = CASE code WHEN '1' THEN 'in' ELSE 'out' END`)
	if err != nil {
		t.Fatal(err)
	}
}

// The same facts in any order, in any batches, any number of times, end in the
// same rows.
func TestAnyOrderSameAnswer(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	conflicts := 0
	for seed := range uint64(8) {
		h := newHistory(t, n, south, seed)
		var want string
		for order := range uint64(5) {
			forget(t, s)
			h.play(t, s, 100*seed+order)
			got := canonical(t, s)
			if want == "" {
				want = got
				conflicts += strings.Count(got, `"state": "open"`)
			}
			if got != want {
				t.Fatalf("history %d, order %d: another answer\n%s", seed, order, difference(want, got))
			}
		}
	}
	if conflicts < 20 {
		t.Errorf("only %d conflicts in all histories: they test too little", conflicts)
	}
}

func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for _, line := range w {
		if !slices.Contains(g, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			out = append(out, "+ "+line)
		}
	}
	return fmt.Sprint(strings.Join(out, "\n"))
}
