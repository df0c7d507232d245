package ingest_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// How the naive model's answer is written as a canonical dump: the keys and
// the order that the package cloud/export promises.

// dump is the canonical dump that follows from what was brought.
func (n *naive) dump(t *testing.T, items []naiveItem) string {
	t.Helper()
	return n.write(t, n.answer(t, items))
}

func (n *naive) write(t *testing.T, a *naiveAnswer) string {
	t.Helper()
	lines := append(conflictLines(a.conflicts), heldLines(a.items)...)
	lines = append(lines, paymentLines(a.stays)...)
	lines = append(lines, n.stayLines(a.stays)...)
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

// put sets a key unless the value is nothing, as omitempty does.
func put[T comparable](l map[string]any, key string, value T) {
	var nothing T
	if value != nothing {
		l[key] = value
	}
}

func putAt(l map[string]any, key string, at *time.Time) {
	if at != nil {
		l[key] = *at
	}
}

func conflictLines(all []naiveConflict) []map[string]any {
	var out []map[string]any
	for _, c := range all {
		l := map[string]any{
			"record": "conflict", "kind": c.kind, "facts": c.facts, "stays": append([]uuid.UUID{}, c.stays...), "at": c.at, "state": "open",
		}
		if c.settled {
			l["state"] = "settled"
		}
		put(l, "slot", c.slot)
		out = append(out, l)
	}
	return out
}

func heldLines(items []naiveHeld) []map[string]any {
	byRun := map[string][]naiveHeld{}
	for _, it := range items {
		run := it.gate + " " + string(it.epoch)
		byRun[run] = append(byRun[run], it)
	}
	var runs []string
	for run := range byRun {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	var out []map[string]any
	for _, run := range runs {
		of := byRun[run]
		slices.SortFunc(of, func(a, b naiveHeld) int { return cmp.Compare(a.seq, b.seq) })
		var ids []string
		applied := 0
		for _, it := range of {
			ids = append(ids, it.counted.String())
			if it.fact != nil {
				applied++
			}
		}
		out = append(out, map[string]any{
			"record": "held", "gate": of[0].gate, "epoch": of[0].epoch, "seq": len(of),
			"applied": applied, "quarantined": len(of) - applied,
			"ids": fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(ids, " ")))),
		})
	}
	return out
}

func paymentLines(all []*naiveStay) []map[string]any {
	var out []map[string]any
	for _, s := range all {
		for _, p := range moneyOf(all, s) {
			l := p.line()
			l["record"], l["stay"] = "payment", s.id
			delete(l, "tendered")
			delete(l, "change")
			delete(l, "heard_at")
			delete(l, "notice")
			delete(l, "paid_fact")
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return compareUUID(a["id"].(uuid.UUID), b["id"].(uuid.UUID)) })
	return out
}

func (p *naivePayment) line() map[string]any {
	l := map[string]any{
		"id": p.id, "method": p.method, "status": p.status(), "amount": p.amount, "currency": p.currency, "gate": p.gate, "actor": p.actor,
	}
	put(l, "tendered", p.tendered)
	put(l, "change", p.change)
	put(l, "reference", p.reference)
	put(l, "refunded", p.back)
	putAt(l, "requested_at", p.requestedAt)
	putAt(l, "paid_at", p.paidAt)
	putAt(l, "bank_at", p.bankAt)
	putAt(l, "heard_at", p.heardAt)
	put(l, "notice", p.notice)
	if p.paidBy != nil {
		l["paid_fact"] = p.paidBy.ID
	}
	return l
}

// stayLines are the placements and the stays.
func (n *naive) stayLines(all []*naiveStay) []map[string]any {
	var placements, out []map[string]any
	for _, s := range all {
		if s.state == "" {
			continue // what is known of it waits for its IN or OUT
		}
		l := n.stayLine(s)
		out = append(out, l)
		if s.state == "inside" && l["placed"] == true && l["slot"] != nil {
			placements = append(placements, map[string]any{"record": "placement", "slot": l["slot"], "stay": s.id})
		}
	}
	slices.SortFunc(placements, func(a, b map[string]any) int { return strings.Compare(a["slot"].(string), b["slot"].(string)) })
	return append(placements, out...)
}

func (n *naive) stayLine(s *naiveStay) map[string]any {
	l := map[string]any{
		"record": "stay", "id": s.id, "state": s.state, "class": s.class, "plate": s.plate, "display": s.display,
		"in_fact": uuid.Nil, "out_fact": uuid.Nil, "zone": "", "placed": n.placed(s),
	}
	put(l, "token", s.token)
	put(l, "into", s.into)
	putAt(l, "token_lost_at", s.lostAt)
	if s.undone != nil {
		l["backed_out"] = once(s.undone...)
	}
	var moves []map[string]any
	for _, m := range s.moves {
		l["zone"] = m.zone
		delete(l, "slot")
		put(l, "slot", m.slot)
		move := map[string]any{"fact": m.fact, "at": m.at, "zone": m.zone}
		put(move, "slot", m.slot)
		moves = append(moves, move)
	}
	if moves != nil {
		l["moves"] = moves
	}
	if s.in != nil {
		l["in_fact"], l["in_at"] = s.in.ID, s.inAt
		put(l, "in_gate", s.in.Gate)
		put(l, "in_lane", s.inBody.Lane)
		put(l, "in_by", s.in.Actor)
		put(l, "tariff", s.inBody.Tariff)
		put(l, "tariff_version", s.inBody.TariffV)
		put(l, "pass", s.pass)
		put(l, "in_paper", s.inBody.TypedAt != nil)
	}
	if s.out != nil {
		l["out_fact"], l["out_at"] = s.out.ID, s.outAt
		if s.into == uuid.Nil {
			l["charge"] = sortedKeys(s.outBody.Charge)
		}
		put(l, "out_gate", s.out.Gate)
		put(l, "out_lane", s.outBody.Lane)
		put(l, "out_by", s.out.Actor)
		put(l, "out_plate", s.outBody.Plate)
		put(l, "out_token", s.outBody.Token)
		put(l, "out_paper", s.outBody.TypedAt != nil)
	}
	n.addMoney(l, s)
	return l
}

func (n *naive) addMoney(l map[string]any, s *naiveStay) {
	var payments []map[string]any
	for _, p := range s.payments {
		payments = append(payments, p.line())
	}
	if payments != nil {
		l["payments"] = payments
	}
	var refunds []map[string]any
	for _, r := range s.refunds {
		refunds = append(refunds, map[string]any{"fact": r.fact, "payment": r.payment, "amount": r.amount})
	}
	if refunds != nil {
		l["refunds"] = refunds
	}
}

// sortedKeys is v as an object, whose keys JSON sorts.
func sortedKeys(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a charge can always be written
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		panic(err)
	}
	return out
}
