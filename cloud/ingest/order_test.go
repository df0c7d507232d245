package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// history is a set of facts, made by some runs of two gates and of the cloud.
type history struct {
	runs  []*cloudtest.Gate
	boots []string // of each run; "" for a clock that is right
	stays []uuid.UUID
	made  []parking.Fact
	rng   *rand.Rand
}

// newHistory makes a history. seen are the conflicts that it settles.
func newHistory(t *testing.T, n, s *cloudtest.Gate, seed uint64, seen []string) *history {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := &history{rng: rng}
	for i, g := range []*cloudtest.Gate{n, s, n, s, {Code: parking.CloudGate, Site: n.Site}} {
		run := cloudtest.NewGate(g.Site, g.Code, g.Key)
		run.Epoch = parking.NewEpoch(1+i/2, [8]byte{byte(seed), byte(i)})
		h.runs = append(h.runs, run)
		h.boots = append(h.boots, pick(h, []string{"", "a", "b"}))
	}
	h.boots[4] = ""
	for i := range 6 {
		h.stays = append(h.stays, uuid.NewSHA1(uuid.Nil, []byte{byte(seed), byte(i)}))
	}
	// A run of a gate goes on from another, or not; or begins with something else.
	for i, run := range h.runs[:4] {
		if before := pick(h, h.runs[:4]); i > 0 && h.rng.IntN(3) > 0 {
			h.add(t, run, parking.KindStarted, cloudtest.Noon, parking.Started{PrevEpoch: before.Epoch, PrevSeq: int64(h.rng.IntN(9))})
		} else if h.rng.IntN(2) == 0 {
			h.add(t, run, parking.KindStarted, cloudtest.Noon, parking.Started{})
		}
	}
	// Each stay's facts come from any run, at any time, in any order, some of
	// them twice: more disorder than real gates make.
	for range 45 {
		h.fact(t, pick(h, h.stays), cloudtest.Noon.Add(time.Duration(h.rng.IntN(180))*time.Minute))
	}
	for range 15 {
		h.cloudFact(t, pick(h, h.stays), cloudtest.Noon.Add(time.Duration(h.rng.IntN(180))*time.Minute))
	}
	for _, conflict := range seen {
		if h.rng.IntN(2) == 0 {
			h.settle(t, conflict)
		}
	}
	last := cloudtest.Noon.Add(200 * time.Minute) // what concerns no stay comes last: it shifts no draw
	h.add(t, h.runs[4], parking.KindMessage, last, parking.MessageVersion{Message: someMessage, Text: "t", By: "minh", From: last})
	for _, run := range h.runs[:4] {
		h.add(t, run, parking.KindMessageRead, last, parking.MessageRead{Message: someMessage})
	}
	return h
}

func pick[T any](h *history, of []T) T { return of[h.rng.IntN(len(of))] }

// add makes the next fact of a run. Its id is the same each time that the
// history is made; a gate's clock never goes back within a run.
func (h *history) add(t *testing.T, g *cloudtest.Gate, kind parking.Kind, at time.Time, body any) {
	t.Helper()
	if k := len(g.Facts); k > 0 {
		at = parking.ClampAt(at, g.Facts[k-1].At)
	}
	g.Fact(t, kind, at, body)
	f := &g.Facts[len(g.Facts)-1]
	f.ID = uuid.NewSHA1(h.stays[0], fmt.Appendf(nil, "%s %d", g.Epoch, f.Seq))
	f.Actor = pick(h, []string{"lan", "minh"})
	if boot := h.boots[slices.Index(h.runs, g)]; boot != "" {
		f.Clock, f.Boot, f.MonoMS = parking.ClockWall, boot, at.Sub(cloudtest.Noon).Milliseconds()
	}
	h.made = append(h.made, *f)
}

func (h *history) fact(t *testing.T, stay uuid.UUID, at time.Time) {
	t.Helper()
	var (
		g       = pick(h, h.runs[:4])
		plate   = pick(h, []parking.Plate{"30A12345", "30A12346", ""})
		class   = pick(h, []parking.Class{parking.Car, parking.Car, parking.Motorbike})
		slot    = pick(h, []string{"N01", "N01", "N02", "S01", "Z99", ""})
		zone    = pick(h, []string{"N", "M"})
		token   = pick(h, []string{"", "0042", "0043"})
		pass    = pick(h, []string{"", "P1", "P2"})
		ref     = pick(h, []string{"", "GH1", "GH2"})
		fee     = pick(h, []parking.Money{5000, 8000})
		payment = uuid.NewSHA1(uuid.Nil, []byte{byte(h.rng.IntN(4))}) // two stays may name one
		of      = uuid.New()
	)
	if len(h.made) > 0 {
		of = pick(h, h.made).ID
	}
	switch h.rng.IntN(20) {
	case 0, 1, 2, 3, 4:
		h.add(t, g, parking.KindVehicleIn, at, parking.VehicleIn{
			Stay: stay, Lane: "1", Class: class, Plate: plate, Zone: zone, Slot: slot, Token: token, Pass: pass, Tariff: "default", TariffV: 1,
		})
	case 5, 6, 7:
		h.add(t, g, parking.KindVehicleOut, at, parking.VehicleOut{
			Stay: stay, Lane: "2", Class: class, Plate: plate, Token: token,
			Charge: parking.Charge{Fee: fee, Currency: "VND", In: cloudtest.Noon, Out: at, Tariff: "default", TariffV: 1},
		})
	case 8:
		h.add(t, g, parking.KindPlateCorrected, at, parking.PlateCorrected{Stay: stay, Plate: plate})
	case 9:
		says := parking.ClassCorrected{Stay: stay, Class: class}
		if class == parking.Car {
			says.Pass = &pass
		}
		h.add(t, g, parking.KindClassCorrected, at, says)
	case 10, 11:
		h.add(t, g, parking.KindSlotChanged, at, parking.SlotChanged{Stay: stay, Zone: zone, Slot: slot})
	case 12, 13:
		h.add(t, g, parking.KindPaymentTaken, at, parking.PaymentTaken{
			Payment: payment, Stay: stay, Method: parking.Cash, Amount: fee, Currency: "VND", Reference: ref,
		})
	case 14:
		h.add(t, g, parking.KindRefundPaid, at, parking.RefundPaid{Stay: stay, Payment: payment, Amount: 3000, Currency: "VND", Reason: "r"})
	case 15:
		h.add(t, g, parking.KindReceiptIssued, at, parking.ReceiptIssued{
			Stay: stay, Payment: payment, Series: "N-2026", Number: 1 + int64(h.rng.IntN(2)), Amount: fee, Currency: "VND",
		})
	case 16:
		h.add(t, g, parking.KindTokenLost, at, parking.TokenLost{Stay: stay, Token: "0042", Reason: "r"})
	case 17:
		h.add(t, g, parking.KindVehicleBackedOut, at, parking.VehicleBackedOut{Stay: stay, Lane: "1", Of: of})
	case 18:
		h.add(t, g, parking.KindClockObserved, at, parking.ClockObserved{
			Boot: pick(h, []string{"a", "b"}), CorrectionMS: int64(h.rng.IntN(7)-3) * 30_000,
		})
	default:
		if h.rng.IntN(3) == 0 {
			h.add(t, g, parking.KindStayVoided, at, parking.StayVoided{Stay: stay})
		} else {
			h.add(t, g, parking.KindLaneChanged, at, parking.LaneChanged{Lane: "1", Direction: pick(h, []parking.Direction{parking.In, parking.Out})})
		}
	}
}

func (h *history) cloudFact(t *testing.T, stay uuid.UUID, at time.Time) {
	t.Helper()
	g, from := h.runs[4], cloudtest.Noon.Add(time.Duration(h.rng.IntN(180))*time.Minute)
	switch h.rng.IntN(9) {
	case 0, 1:
		if other := pick(h, h.stays); other != stay {
			h.add(t, g, parking.KindExitMatched, at, parking.ExitMatched{Stay: stay, Exit: other})
		}
	case 2:
		h.add(t, g, parking.KindStayPlaced, at, parking.StayPlaced{Stay: stay, Zone: "N", Slot: pick(h, []string{"N01", "N02", "N03"})})
	case 3:
		h.add(t, g, parking.KindPaymentConfirmed, at, parking.PaymentConfirmed{
			Payment: uuid.NewSHA1(uuid.Nil, []byte{byte(h.rng.IntN(4))}), Stay: stay, Method: parking.QR, Amount: 5000, Currency: "VND", Reference: "GH1",
		})
	case 4:
		h.add(t, g, parking.KindSlot, at, parking.SlotVersion{Slot: pick(h, []string{"N01", "N02"}), OutOfService: h.rng.IntN(2) == 0, From: from})
	case 5:
		h.add(t, g, parking.KindPass, at, parking.PassVersion{
			Pass: pick(h, []string{"P1", "P2"}), Places: 1 + h.rng.IntN(2), Begins: from, Ends: from.Add(2 * time.Hour), From: from,
		})
	case 6:
		h.add(t, g, parking.KindRight, at, parking.RightVersion{Name: "minh", Role: pick(h, []string{"", "guard"}), From: from})
	case 7:
		h.add(t, g, parking.KindToken, at, parking.TokenVersion{Token: "0042", Type: "card", State: pick(h, []string{"issued", "lost"}), From: from})
	default:
		h.add(t, g, parking.KindBlock, at, parking.BlockVersion{Plate: "30A12345", Blocked: h.rng.IntN(2) == 0, Note: "n", From: from})
	}
}

// settle makes the cloud's decision on a conflict. Whoever decided may have
// missed a fact.
func (h *history) settle(t *testing.T, conflict string) {
	t.Helper()
	var saw []uuid.UUID
	for _, f := range h.made {
		if h.rng.IntN(40) > 0 {
			saw = append(saw, f.ID)
		}
	}
	h.add(t, h.runs[4], parking.KindConflictSettled, cloudtest.Noon.Add(200*time.Minute), parking.ConflictSettled{
		Conflict: conflict, Kind: "any", How: "accept", Saw: saw,
	})
}

// play brings the history in one of its orders: runs interleaved, in batches
// of any size, each batch one to three times, some again at the end.
func (h *history) play(t *testing.T, s *cloudtest.Site, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	var all [][]parking.Fact
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
		facts := g.Facts[next[i]:until]
		for range 1 + rng.IntN(2) {
			take(t, s, facts)
		}
		all, next[i] = append(all, facts), until
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, again := range all[:len(all)/2] {
		take(t, s, again)
	}
}

func take(t *testing.T, s *cloudtest.Site, facts []parking.Fact) {
	t.Helper()
	a, err := ingester(s).Take(t.Context(), facts, cloudtest.Noon)
	if err != nil {
		t.Fatalf("take facts: %v", err)
	}
	if slices.Contains(a.Outcomes, wire.Quarantined) {
		var reason string
		if err := s.Store.Pool.QueryRow(t.Context(), "SELECT string_agg(reason, ' ') FROM quarantine").Scan(&reason); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("a fact was not applied: %v: %s", a.Outcomes, reason)
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
		"SELECT (to_jsonb(c) - 'opened_at' - 'closed_at')::text FROM conflicts c WHERE state <> 'withdrawn'",
		"SELECT to_jsonb(v)::text FROM versions v",
		"SELECT to_jsonb(k)::text FROM tokens k",
		"SELECT to_jsonb(s)::text FROM slots s",
		"SELECT gate || epoch || seq || outcome || id FROM processed_events",
		"SELECT (to_jsonb(e) - 'last_at')::text FROM gate_epochs e",
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
TRUNCATE transactions, slot_claims, payments, vehicles, conflicts, processed_events, gate_epochs, facts, feed, quarantine, versions, tokens;
UPDATE slots SET out_of_service = false; UPDATE site_feeds SET feed_seq = 0; UPDATE lanes SET direction = CASE code WHEN '1' THEN 'in' ELSE 'out' END`)
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
	found := map[string]int{}
	for seed := range uint64(8) {
		// Ids are the same each time, so that a first run tells what to settle.
		forget(t, s)
		h := newHistory(t, n, south, seed, nil)
		h.play(t, s, seed)
		h = newHistory(t, n, south, seed, conflictIDs(t, s))
		var want string
		for order := range uint64(3) {
			forget(t, s)
			h.play(t, s, 100*seed+order)
			got := canonical(t, s)
			if want == "" {
				want = got
				for _, c := range standing(t, s) {
					found[c.Kind]++
					found[c.State]++
				}
			}
			if got != want {
				t.Fatalf("history %d, order %d: another answer\n%s", seed, order, difference(want, got))
			}
		}
	}
	t.Logf("conflicts: %v", found)
	for _, kind := range []string{
		ingest.SlotTwice, ingest.SlotInvalid, ingest.PlateInside, ingest.TokenTwice, ingest.TokenMismatch, ingest.ExitUnknown,
		ingest.FeeDiffers, ingest.PaidTwice, ingest.Overpaid, ingest.ReferenceTwice, ingest.ReceiptTwice,
		ingest.PassOver, ingest.PassPlaces, ingest.Rights, ingest.Clock, "settled",
	} {
		if found[kind] == 0 {
			t.Errorf("no %s in all histories: they test too little", kind)
		}
	}
}

// standing reads the conflicts that stand.
func standing(t *testing.T, s *cloudtest.Site) []cloudsql.ExportConflictsRow {
	t.Helper()
	rows, err := s.Store.Q.ExportConflicts(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func conflictIDs(t *testing.T, s *cloudtest.Site) []string {
	t.Helper()
	var out []string
	for _, c := range snapshot(t, s).Conflicts {
		out = append(out, c.ID)
	}
	slices.Sort(out)
	return out
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
