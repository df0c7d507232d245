package ingest_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// naive is a second answer to the same question: all facts are sorted, folded
// once, and every contradiction is looked for by comparing everything with
// everything. It is slow and remembers nothing. It shares the messages with
// the product, and Tariff.Quote, but none of the code that folds, places or
// judges, so that a mistake would have to be made twice.
type naive struct {
	classes map[string][]parking.Class // of each slot
	counted map[string]bool            // zones without slots
	tariff  parking.Tariff
}

type naiveMove struct {
	fact       uuid.UUID
	at         time.Time
	zone, slot string
}

// naiveClaim is a move to a slot, until the next move or the exit.
type naiveClaim struct {
	stay  *naiveStay
	fact  uuid.UUID
	slot  string
	from  time.Time
	until time.Time // zero: still
	valid bool
	lost  bool
}

func (c *naiveClaim) empty() bool { return !c.until.IsZero() && !c.until.After(c.from) }

type naiveStay struct {
	id              uuid.UUID
	state           string
	class           parking.Class
	plate           parking.Plate
	display, token  string
	in, out         *parking.Fact
	inAt            time.Time
	inBody          parking.VehicleIn
	outBody         parking.VehicleOut
	laterOuts       []parking.Fact
	moves           []naiveMove
	payments        map[uuid.UUID]map[string]any
	paymentsInOrder []uuid.UUID
	claims          []*naiveClaim
}

// dump is the canonical dump that follows from the facts.
func (n *naive) dump(t *testing.T, facts []parking.Fact) string {
	t.Helper()
	sorted := slices.Clone(facts)
	slices.SortFunc(sorted, func(a, b parking.Fact) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Gate, b.Gate), strings.Compare(string(a.Epoch), string(b.Epoch)),
			cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.ID[:], b.ID[:]))
	})
	stays := map[uuid.UUID]*naiveStay{}
	for i := range sorted {
		n.fold(t, stays, &sorted[i])
	}
	var all []*naiveStay
	for _, s := range stays {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *naiveStay) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, s := range all {
		n.claim(s)
	}
	conflicts := n.slots(all)
	for i, s := range all {
		conflicts = append(conflicts, n.stay(t, s)...)
		for _, o := range all[i+1:] {
			conflicts = append(conflicts, n.plates(s, o)...)
		}
	}
	lines := append(n.conflictLines(conflicts), heldLines(facts)...)
	lines = append(lines, n.paymentLines(all)...)
	lines = append(lines, n.stayLines(all)...)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func read[T any](t *testing.T, f *parking.Fact) T {
	t.Helper()
	var body T
	if err := json.Unmarshal(f.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

// fold applies one fact. They come in the order of time.
func (n *naive) fold(t *testing.T, stays map[uuid.UUID]*naiveStay, f *parking.Fact) {
	of := func(id uuid.UUID) *naiveStay {
		if stays[id] == nil {
			stays[id] = &naiveStay{id: id, payments: map[uuid.UUID]map[string]any{}}
		}
		return stays[id]
	}
	switch f.Kind {
	case parking.KindVehicleIn:
		b := read[parking.VehicleIn](t, f)
		s := of(b.Stay)
		if s.in != nil {
			return // only the first IN of a stay counts
		}
		s.in, s.inBody, s.inAt = f, b, f.At
		if b.TypedAt != nil {
			s.inAt = b.TypedAt.UTC().Truncate(time.Millisecond)
		}
		s.class, s.plate, s.display, s.token = b.Class, b.Plate, b.Display, b.Token
		s.moves = append(s.moves, naiveMove{f.ID, s.inAt, b.Zone, b.Slot})
		s.state = cmp.Or(s.state, "inside")
	case parking.KindVehicleOut:
		b := read[parking.VehicleOut](t, f)
		s := of(b.Stay)
		if s.out != nil {
			s.laterOuts = append(s.laterOuts, *f)
			return
		}
		s.out, s.outBody = f, b
		s.class = cmp.Or(s.class, b.Class)
		if s.plate == "" {
			s.plate, s.display = b.Plate, b.Display
		}
		if s.state != "voided" {
			s.state = "left"
		}
	case parking.KindPlateCorrected:
		b := read[parking.PlateCorrected](t, f)
		of(b.Stay).plate, of(b.Stay).display = b.Plate, b.Display
	case parking.KindClassCorrected:
		b := read[parking.ClassCorrected](t, f)
		of(b.Stay).class = b.Class
	case parking.KindSlotChanged:
		b := read[parking.SlotChanged](t, f)
		of(b.Stay).moves = append(of(b.Stay).moves, naiveMove{f.ID, f.At, b.Zone, b.Slot})
	case parking.KindStayVoided:
		of(read[parking.StayVoided](t, f).Stay).state = "voided"
	}
	n.foldMoney(t, of, f)
}

// foldMoney applies a fact about money.
func (n *naive) foldMoney(t *testing.T, of func(uuid.UUID) *naiveStay, f *parking.Fact) {
	switch f.Kind {
	case parking.KindPaymentRequested:
		b := read[parking.PaymentRequested](t, f)
		p := of(b.Stay).payment(b.Payment)
		p["requested_at"] = f.At
		if p["reference"] == nil && b.Reference != "" {
			p["reference"] = b.Reference
		}
		if p["status"] == "pending" {
			p["method"], p["amount"], p["currency"], p["gate"], p["actor"] = b.Method, b.Amount, b.Currency, f.Gate, f.Actor
		}
	case parking.KindPaymentTaken:
		b := read[parking.PaymentTaken](t, f)
		p := of(b.Stay).payment(b.Payment)
		p["status"], p["paid_at"] = "paid", f.At
		p["method"], p["amount"], p["currency"], p["gate"], p["actor"] = b.Method, b.Amount, b.Currency, f.Gate, f.Actor
		delete(p, "tendered")
		delete(p, "change")
		if b.Tendered != 0 {
			p["tendered"] = b.Tendered
		}
		if b.Change != 0 {
			p["change"] = b.Change
		}
		if b.Reference != "" {
			p["reference"] = b.Reference
		}
	}
}

func (s *naiveStay) payment(id uuid.UUID) map[string]any {
	if s.payments[id] == nil {
		s.payments[id] = map[string]any{"id": id, "status": "pending"}
		s.paymentsInOrder = append(s.paymentsInOrder, id)
	}
	return s.payments[id]
}

// claim lists what the stay claims, once its IN is known. A vehicle that has
// left moves nowhere any more.
func (n *naive) claim(s *naiveStay) {
	if s.state == "voided" || s.in == nil {
		return
	}
	for i, m := range s.moves {
		if m.slot == "" || (i > 0 && s.out != nil && !m.at.Before(s.out.At)) {
			continue
		}
		c := &naiveClaim{stay: s, fact: m.fact, slot: m.slot, from: m.at}
		if s.out != nil {
			c.until = s.out.At
		}
		if i+1 < len(s.moves) && (c.until.IsZero() || s.moves[i+1].at.Before(c.until)) {
			c.until = s.moves[i+1].at
		}
		c.valid = slices.Contains(n.classes[m.slot], s.class)
		s.claims = append(s.claims, c)
	}
}

type naiveConflict struct {
	kind, slot   string
	facts, stays []uuid.UUID
	at           time.Time
}

// slots lets the earlier of two claims keep the slot.
func (n *naive) slots(all []*naiveStay) []naiveConflict {
	var claims []*naiveClaim
	for _, s := range all {
		for _, c := range s.claims {
			if c.valid && !c.empty() {
				claims = append(claims, c)
			}
		}
	}
	slices.SortFunc(claims, func(a, b *naiveClaim) int {
		return cmp.Or(a.from.Compare(b.from), bytes.Compare(a.fact[:], b.fact[:]))
	})
	var out []naiveConflict
	for i, c := range claims {
		for _, first := range claims[:i] {
			if first.slot != c.slot || first.lost || (!first.until.IsZero() && !first.until.After(c.from)) {
				continue
			}
			c.lost = true
			if first.stay != c.stay {
				out = append(out, naiveConflict{
					kind: "slot_twice", slot: c.slot, at: c.from,
					facts: []uuid.UUID{first.fact, c.fact}, stays: []uuid.UUID{first.stay.id, c.stay.id},
				})
			}
		}
	}
	return out
}

// stay finds what is wrong within one stay.
func (n *naive) stay(t *testing.T, s *naiveStay) []naiveConflict {
	if s.state == "voided" {
		return nil
	}
	var out []naiveConflict
	add := func(kind, slot string, at time.Time, facts ...uuid.UUID) {
		out = append(out, naiveConflict{kind: kind, slot: slot, at: at, facts: facts, stays: []uuid.UUID{s.id}})
	}
	for _, c := range s.claims {
		if !c.valid {
			add("slot_invalid", c.slot, c.from, c.fact)
		}
	}
	if s.out != nil && s.in == nil {
		add("exit_unknown", "", s.out.At, s.out.ID)
	}
	for _, f := range s.laterOuts {
		add("exit_twice", "", f.At, s.out.ID, f.ID)
	}
	if s.out != nil && s.in != nil && n.feeDiffers(t, s) {
		add("fee_differs", "", s.out.At, s.out.ID)
	}
	return out
}

func (n *naive) feeDiffers(t *testing.T, s *naiveStay) bool {
	t.Helper()
	charge := s.outBody.Charge
	if s.inBody.Tariff != n.tariff.ID || s.inBody.TariffV != n.tariff.Version {
		return false // nobody here knows that tariff
	}
	lost := false
	for _, l := range charge.Lines {
		if l.Code != parking.LineLostTicket {
			t.Fatalf("the model does not know lines of %s", l.Code)
		}
		lost = true
	}
	q, err := n.tariff.Quote(parking.QuoteRequest{Class: s.class, In: charge.In, Out: charge.Out, Lost: lost})
	return charge.Currency != n.tariff.Currency || (err == nil && q.Fee != charge.Fee)
}

// plates finds two visits of one plate at the same time.
func (n *naive) plates(a, b *naiveStay) []naiveConflict {
	for _, s := range []*naiveStay{a, b} {
		if s.plate == "" || s.in == nil || s.state == "voided" || (s.out != nil && !s.out.At.After(s.inAt)) {
			return nil
		}
	}
	if c := cmp.Or(a.inAt.Compare(b.inAt), bytes.Compare(a.in.ID[:], b.in.ID[:])); c > 0 {
		a, b = b, a
	}
	if a.plate != b.plate || (a.out != nil && !a.out.At.After(b.inAt)) {
		return nil
	}
	return []naiveConflict{{
		kind: "plate_inside", at: b.inAt, facts: []uuid.UUID{a.in.ID, b.in.ID}, stays: []uuid.UUID{a.id, b.id},
	}}
}
