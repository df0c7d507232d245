package state

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// keptEntries bounds the history in memory.
const keptEntries = 200

// Entry is one line of the history: a fact of this gate, or an IN or OUT at
// another one as the cloud told it.
type Entry struct {
	Fact    uuid.UUID
	At      time.Time
	Kind    parking.Kind
	Gate    string
	Lane    string
	Actor   string
	Stay    uuid.UUID // zero for none
	Plate   parking.Plate
	Display string
	Class   parking.Class
	Zone    string
	Slot    string
	Amount  parking.Money  // fee of an OUT, sum of a payment
	Method  parking.Method // of a payment
	Text    string         // reason, or words of an alarm

	own parking.Fact // the envelope of a fact of this gate
}

// Recent returns up to n entries of the history, newest first. At most 200
// are kept.
func (s *State) Recent(n int) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = min(n, len(s.recent))
	out := slices.Clone(s.recent[len(s.recent)-n:])
	slices.Reverse(out)
	return out
}

// remember adds an entry unless it is there; mu is held.
func (s *State) remember(e Entry) {
	if e.Kind == parking.KindAlive || e.Kind == "" {
		return
	}
	for i := len(s.recent) - 1; i >= 0; i-- {
		if s.recent[i].Fact == e.Fact {
			return
		}
	}
	at := len(s.recent)
	for at > 0 && s.recent[at-1].At.After(e.At) {
		at--
	}
	s.recent = slices.Insert(s.recent, at, e)
	if n := len(s.recent) - keptEntries; n > 0 {
		s.recent = slices.Delete(s.recent, 0, n)
	}
}

// rememberStay adds what happened to a stay at other gates; mu is held.
func (s *State) rememberStay(before, after *parking.Stay) {
	in, out := stayEntries(after)
	if in.Gate != s.gate && in.Gate != "" && (before == nil || before.InAt == nil) {
		s.remember(in)
	}
	if out.Gate != s.gate && out.Gate != "" && (before == nil || before.OutAt == nil) {
		s.remember(out)
	}
}

// stayEntries makes history of a stay; an entry of no kind did not happen.
func stayEntries(stay *parking.Stay) (in, out Entry) {
	common := Entry{
		Stay: stay.ID, Plate: stay.Plate, Display: stay.Display, Class: stay.Class, Zone: stay.Zone, Slot: stay.Slot,
	}
	if stay.InAt != nil {
		in = common
		in.Kind, in.Fact, in.At, in.Gate, in.Lane, in.Actor = parking.KindVehicleIn, stay.InFact, *stay.InAt, stay.InGate, stay.InLane, stay.InBy
	}
	if stay.OutAt != nil {
		out = common
		out.Kind, out.Fact, out.At, out.Gate, out.Lane, out.Actor = parking.KindVehicleOut, stay.OutFact, *stay.OutAt, stay.OutGate, stay.OutLane, stay.OutBy
		if stay.Charge != nil {
			out.Amount = stay.Charge.Fee
		}
	}
	return in, out
}

func sortEntries(out []Entry) {
	slices.SortStableFunc(out, func(a, b Entry) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return slices.Compare(a.Fact[:], b.Fact[:])
	})
}

// ownEntry makes history of a fact of this gate; mu is held, or nobody else has
// the state yet.
func (s *State) ownEntry(f parking.Fact, body any) Entry {
	e := Entry{Fact: f.ID, At: s.timed(&f), Kind: f.Kind, Gate: f.Gate, Actor: f.Actor, Stay: parking.StayOf(f), own: f}
	e.own.Body = nil
	switch b := body.(type) {
	case *parking.VehicleIn:
		e.Lane, e.Plate, e.Display, e.Class, e.Zone, e.Slot, e.Text = b.Lane, b.Plate, b.Display, b.Class, b.Zone, b.Slot, b.Reason
	case *parking.VehicleOut:
		e.Lane, e.Plate, e.Display, e.Class, e.Amount, e.Text = b.Lane, b.Plate, b.Display, b.Class, b.Charge.Fee, b.Reason
		if stay := s.effective(e.Stay); !b.Unknown && stay != nil && stay.Display != "" {
			e.Plate, e.Display = stay.Plate, stay.Display // what was read at the exit may be misread, or nothing
		}
	case *parking.PlateCorrected:
		e.Plate, e.Display, e.Text = b.Plate, b.Display, b.Reason
	case *parking.ClassCorrected:
		e.Class, e.Text = b.Class, b.Reason
	case *parking.SlotChanged:
		e.Zone, e.Slot, e.Text = b.Zone, b.Slot, b.Reason
	case *parking.StayVoided:
		e.Text = b.Reason
	case *parking.VehicleBackedOut:
		e.Lane, e.Text = b.Lane, b.Reason
	case *parking.PaymentRequested:
		e.Amount, e.Method, e.Text = b.Amount, b.Method, b.Reference
	case *parking.PaymentTaken:
		e.Amount, e.Method, e.Text = b.Amount, b.Method, b.Reference
	case *parking.RefundPaid:
		e.Amount, e.Text = b.Amount, b.Reason
	case *parking.ShiftOpened:
		e.Text = b.Guard
	case *parking.ShiftClosed:
		e.Text = b.Guard
	case *parking.BarrierOpened:
		e.Lane, e.Text = b.Lane, b.Reason
	case *parking.BarrierFailed:
		e.Lane, e.Text = b.Lane, b.Reason
	case *parking.LanePassage:
		e.Lane = b.Lane
	case *parking.LaneChanged:
		e.Lane, e.Text = b.Lane, b.Reason
	case *parking.Alarm:
		e.Lane, e.Text = b.Lane, b.Text
	}
	if e.Display == "" && e.Stay != uuid.Nil { // a fact that names its stay alone
		if stay := s.effective(e.Stay); stay != nil {
			e.Plate, e.Display = stay.Plate, stay.Display
		}
	}
	return e
}

// loadRecent makes the history anew of own facts and the cached stays.
func (s *State) loadRecent(ctx context.Context, q *gatesql.Queries) ([]Entry, error) {
	rows, err := q.RecentFacts(ctx, keptEntries)
	if err != nil {
		return nil, diskError("read the history", err)
	}
	var out []Entry
	for _, encoded := range rows {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		if body, err := parking.DecodeBody(f); err == nil && f.Kind != parking.KindAlive {
			out = append(out, s.ownEntry(f, body))
		}
	}
	stays := maps.Clone(s.base.stays)
	maps.Copy(stays, s.over.stays) // with what neighbours told
	for _, stay := range stays {
		in, gone := stayEntries(stay)
		for _, e := range []Entry{in, gone} {
			if e.Kind != "" && e.Gate != s.gate {
				out = append(out, e)
			}
		}
	}
	sortEntries(out)
	if n := len(out) - keptEntries; n > 0 {
		out = slices.Delete(out, 0, n)
	}
	return out, nil
}
