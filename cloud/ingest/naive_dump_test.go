package ingest_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// How the naive model's answer is written as a canonical dump: the keys and
// the order that the package cloud/export promises.

func (n *naive) conflictLines(all []naiveConflict) []map[string]any {
	slices.SortFunc(all, func(a, b naiveConflict) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), slices.CompareFunc(a.facts, b.facts, func(x, y uuid.UUID) int {
			return bytes.Compare(x[:], y[:])
		}))
	})
	var out []map[string]any
	for _, c := range all {
		l := map[string]any{"record": "conflict", "kind": c.kind, "facts": c.facts, "stays": c.stays, "at": c.at, "state": "open"}
		if c.slot != "" {
			l["slot"] = c.slot
		}
		out = append(out, l)
	}
	return out
}

func heldLines(facts []parking.Fact) []map[string]any {
	byRun := map[string][]parking.Fact{}
	for _, f := range facts {
		run := f.Gate + " " + string(f.Epoch)
		byRun[run] = append(byRun[run], f)
	}
	var runs []string
	for run := range byRun {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	var out []map[string]any
	for _, run := range runs {
		of := byRun[run]
		slices.SortFunc(of, func(a, b parking.Fact) int { return cmp.Compare(a.Seq, b.Seq) })
		var ids []string
		for _, f := range of {
			ids = append(ids, f.ID.String())
		}
		out = append(out, map[string]any{
			"record": "held", "gate": of[0].Gate, "epoch": of[0].Epoch, "seq": len(of), "applied": len(of), "quarantined": 0,
			"ids": fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(ids, " ")))),
		})
	}
	return out
}

// paymentLines gives a payment that two stays name to the smaller stay.
func (n *naive) paymentLines(all []*naiveStay) []map[string]any {
	lines := map[uuid.UUID]map[string]any{}
	var ids []uuid.UUID
	for _, s := range all { // the smaller first
		for id, p := range s.payments {
			if lines[id] != nil {
				continue
			}
			l := map[string]any{"record": "payment", "stay": s.id}
			for k, v := range p {
				if k != "tendered" && k != "change" {
					l[k] = v
				}
			}
			lines[id], ids = l, append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	var out []map[string]any
	for _, id := range ids {
		out = append(out, lines[id])
	}
	return out
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
		"in_fact": uuid.Nil, "out_fact": uuid.Nil, "zone": "",
	}
	some := func(key, value string) {
		if value != "" {
			l[key] = value
		}
	}
	some("token", s.token)
	var last naiveMove
	var moves []map[string]any
	for _, m := range s.moves {
		last = m
		move := map[string]any{"fact": m.fact, "at": m.at, "zone": m.zone}
		if m.slot != "" {
			move["slot"] = m.slot
		}
		moves = append(moves, move)
	}
	l["zone"] = last.zone
	some("slot", last.slot)
	l["placed"] = last.slot == "" && n.counted[last.zone]
	for _, c := range s.claims {
		if c.fact == last.fact && c.valid && !c.lost {
			l["placed"] = true
		}
	}
	if moves != nil {
		l["moves"] = moves
	}
	if s.in != nil {
		l["in_fact"], l["in_at"] = s.in.ID, s.inAt
		some("in_gate", s.in.Gate)
		some("in_lane", s.inBody.Lane)
		some("in_by", s.in.Actor)
		some("tariff", s.inBody.Tariff)
		if s.inBody.TariffV != 0 {
			l["tariff_version"] = s.inBody.TariffV
		}
	}
	if s.out != nil {
		l["out_fact"], l["out_at"], l["charge"] = s.out.ID, s.out.At, sortedKeys(s.outBody.Charge)
		some("out_gate", s.out.Gate)
		some("out_lane", s.outBody.Lane)
		some("out_by", s.out.Actor)
		some("out_plate", string(s.outBody.Plate))
	}
	var payments []map[string]any
	for _, id := range s.paymentsInOrder {
		payments = append(payments, s.payments[id])
	}
	if payments != nil {
		l["payments"] = payments
	}
	return l
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
