package ingest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// single finds what is wrong within one stay.
func (n *naive) single(t *testing.T, a *naiveAnswer) []naiveConflict {
	t.Helper()
	var out []naiveConflict
	for _, s := range a.stays {
		if s.voided() {
			continue
		}
		add := func(kind, slot string, at time.Time, facts ...uuid.UUID) {
			out = append(out, naiveConflict{kind: kind, slot: slot, at: at, facts: facts, stays: []uuid.UUID{s.id}})
		}
		for _, c := range s.claims {
			if !c.valid {
				add("slot_invalid", c.slot, c.from, c.fact)
			}
		}
		if s.in != nil && s.inBody.TypedAt != nil {
			add("paper", "", s.inAt, s.in.ID)
		}
		if s.out != nil && s.outBody.TypedAt != nil {
			add("paper", "", s.outAt, s.out.ID)
		}
		if s.out != nil && s.in == nil {
			add("exit_unknown", "", s.outAt, s.out.ID)
		}
		for _, f := range s.laterOuts {
			add("exit_twice", "", f.At, s.out.ID, f.ID)
		}
		if s.out != nil && s.in != nil && n.feeDiffers(t, a, s) {
			add("fee_differs", "", s.outAt, s.out.ID)
		}
	}
	return out
}

func (n *naive) feeDiffers(t *testing.T, a *naiveAnswer, s *naiveStay) bool {
	t.Helper()
	charge := s.outBody.Charge
	if s.inBody.Tariff != n.tariff.ID || s.inBody.TariffV != n.tariff.Version {
		return false // nobody here knows that tariff
	}
	req := parking.QuoteRequest{Class: s.class, In: charge.In, Out: charge.Out}
	for _, l := range charge.Lines {
		switch l.Code {
		case parking.LineLostTicket:
			req.Lost = true
		case parking.LinePass:
			req.Passes = coverOf(a, s)
		case parking.LineBlockFirst, parking.LineBlockThen: // what comes after the pass
		case parking.LineDiscount:
			req.Discounts = charge.Discounts
			if len(charge.Discounts) == 0 {
				t.Fatal("the model does not know a discount without its code")
			}
		default:
			t.Fatalf("the model does not know lines of %s", l.Code)
		}
	}
	for _, code := range charge.Discounts {
		if _, given := n.tariff.Discounts[code]; !given {
			return true
		}
	}
	q, err := n.tariff.Quote(req)
	return charge.Currency != n.tariff.Currency || (err == nil && q.Fee != charge.Fee)
}

// naiveSpan is the time from a stay's IN on in which it was inside or held its
// token.
type naiveSpan struct {
	stay *naiveStay
	key  string
	end  *time.Time // nil: still
}

func (s *naiveStay) inside() naiveSpan {
	v := naiveSpan{stay: s, key: string(s.plate)}
	if at, left := s.leftAt(); left {
		v.end = &at
	}
	return v
}

func (s *naiveStay) holding() naiveSpan {
	v := s.inside()
	v.key = s.token
	if s.lostAt != nil && (v.end == nil || s.lostAt.Before(*v.end)) {
		v.end = s.lostAt
	}
	return v
}

// at says whether the span has begun and not ended before a time.
func (v naiveSpan) at(t time.Time) bool {
	return !v.stay.inAt.After(t) && (v.end == nil || !v.end.Before(t))
}

// meetings finds visits that began while another of their plate was inside, or
// another held their token: each has one conflict, with the last of these.
func meetings(all []*naiveStay) []naiveConflict {
	var out []naiveConflict
	for kind, span := range map[string]func(*naiveStay) naiveSpan{
		"plate_inside": (*naiveStay).inside, "token_twice": (*naiveStay).holding,
	} {
		for _, s := range all {
			if s.in == nil || s.voided() || span(s).key == "" || span(s).empty() {
				continue
			}
			var last *naiveStay
			for _, o := range all {
				if o.in == nil || o.voided() || byIn(o, s) >= 0 || span(o).key != span(s).key || span(o).over(s.inAt) {
					continue
				}
				if last == nil || byIn(o, last) > 0 {
					last = o
				}
			}
			if last != nil {
				out = append(out, naiveConflict{
					kind: kind, at: s.inAt, facts: []uuid.UUID{last.in.ID, s.in.ID}, stays: []uuid.UUID{last.id, s.id},
				})
			}
		}
	}
	return out
}

// over says whether the span has ended by a time.
func (v naiveSpan) over(t time.Time) bool { return v.end != nil && !v.end.After(t) }

// empty says whether the span ended no later than it began.
func (v naiveSpan) empty() bool { return v.over(v.stay.inAt) }

// byIn orders stays with an IN by it: time, then id.
func byIn(a, b *naiveStay) int {
	if c := a.inAt.Compare(b.inAt); c != 0 {
		return c
	}
	return compareUUID(a.in.ID, b.in.ID)
}

// tokenMismatches finds exits whose token and plate lead to different stays.
func tokenMismatches(all []*naiveStay) []naiveConflict {
	var out []naiveConflict
	for _, s := range all {
		if s.out == nil || s.voided() || s.outBody.Token == "" || s.outBody.Plate == "" {
			continue
		}
		var tokens, plates []*naiveStay
		both := false
		for _, o := range all {
			if o.in == nil || o.voided() {
				continue
			}
			token := o.token == s.outBody.Token && o.holding().at(s.outAt)
			plate := o.plate == s.outBody.Plate && o.inside().at(s.outAt)
			if token {
				tokens = append(tokens, o)
			}
			if plate {
				plates = append(plates, o)
			}
			both = both || (token && plate)
		}
		if both || tokens == nil || plates == nil {
			continue
		}
		k, p := slices.MinFunc(tokens, byIn), slices.MinFunc(plates, byIn)
		out = append(out, naiveConflict{
			kind: "token_mismatch", at: s.outAt, facts: []uuid.UUID{s.out.ID, k.in.ID, p.in.ID}, stays: once(s.id, k.id, p.id),
		})
	}
	return out
}
