package ingest_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

type naiveMove struct {
	fact       uuid.UUID
	at         time.Time
	zone, slot string
}

type naiveStay struct {
	id             uuid.UUID
	state          string
	class          parking.Class
	plate          parking.Plate
	display, token string
	pass           string // that it came on
	in, out        *naiveFact
	inAt, outAt    time.Time
	inBody         *parking.VehicleIn
	outBody        *parking.VehicleOut
	laterOuts      []*naiveFact
	lostAt         *time.Time // when the token was lost
	moves          []naiveMove
	payments       []*naivePayment
	refunds        []naiveRefund
	undone         []uuid.UUID // INs and OUTs that did not come true
	claims         []*naiveClaim
	into           uuid.UUID   // of a matched exit
	facts          []uuid.UUID // from which it was folded
}

func (s *naiveStay) voided() bool { return s.state == "voided" }

// leftAt is when the stay ended, false while inside.
func (s *naiveStay) leftAt() (time.Time, bool) {
	if s.out == nil {
		return time.Time{}, false
	}
	return s.outAt, true
}

// foldAll folds every stay from its own facts, matches the exits, and folds
// again with what was matched.
func (n *naive) foldAll(a *naiveAnswer) {
	own := map[uuid.UUID]*naiveStay{}
	for _, f := range a.facts {
		if id := f.stay; f.aboutStay() && own[id] == nil {
			own[id] = foldOne(id, a.facts, func(s uuid.UUID) bool { return s == id })
		}
	}
	into := matches(a.facts, own)
	for id, s := range own {
		if target, matched := into[id]; matched {
			s.state, s.into, s.payments, s.refunds = "voided", target, nil, nil
		} else {
			s = foldOne(id, a.facts, func(o uuid.UUID) bool { return o == id || into[o] == id })
		}
		a.stays = append(a.stays, s)
	}
	slices.SortFunc(a.stays, func(x, y *naiveStay) int { return compareUUID(x.id, y.id) })
}

// foldOne folds the facts about the stays that are in, which are in order.
func foldOne(id uuid.UUID, facts []*naiveFact, in func(uuid.UUID) bool) *naiveStay {
	s := &naiveStay{id: id}
	var of []*naiveFact
	for _, f := range facts {
		if !f.aboutStay() || !in(f.stay) {
			continue
		}
		of, s.facts = append(of, f), append(s.facts, f.ID)
		if b, ok := f.body.(*parking.VehicleBackedOut); ok {
			s.undone = append(s.undone, b.Of)
		}
	}
	for _, f := range of {
		s.fold(f, slices.Contains(s.undone, f.ID))
	}
	s.settleRefunds()
	return s
}

// fold applies one fact; undone says that an IN or OUT did not come true.
func (s *naiveStay) fold(f *naiveFact, undone bool) {
	switch b := f.body.(type) {
	case *parking.VehicleIn:
		s.foldIn(f, b)
		if undone {
			s.state = "voided"
		}
	case *parking.VehicleOut:
		if !undone {
			s.foldOut(f, b)
		}
	case *parking.PlateCorrected:
		s.plate, s.display = b.Plate, b.Display
		if b.Pass != nil {
			s.pass = *b.Pass
		}
	case *parking.ClassCorrected:
		s.class = b.Class
		if b.Pass != nil {
			s.pass = *b.Pass
		}
	case *parking.SlotChanged:
		s.moves = append(s.moves, naiveMove{f.ID, f.At, b.Zone, b.Slot})
	case *parking.StayPlaced:
		s.moves = append(s.moves, naiveMove{f.ID, f.At, b.Zone, b.Slot})
	case *parking.StayVoided:
		s.state = "voided"
	case *parking.TokenLost:
		if s.lostAt == nil {
			s.lostAt = &f.At
		}
	default:
		s.foldMoney(f)
	}
}

func (s *naiveStay) foldIn(f *naiveFact, b *parking.VehicleIn) {
	if s.in != nil {
		return // only the first IN of a stay counts
	}
	s.in, s.inBody, s.inAt = f, b, f.At
	if b.TypedAt != nil {
		s.inAt = parking.BusinessTime(*b.TypedAt)
	}
	s.class, s.plate, s.display, s.token = b.Class, b.Plate, b.Display, b.Token
	s.pass = b.Pass
	s.moves = append(s.moves, naiveMove{f.ID, s.inAt, b.Zone, b.Slot})
	s.state = cmp.Or(s.state, "inside")
}

func (s *naiveStay) foldOut(f *naiveFact, b *parking.VehicleOut) {
	if s.out != nil {
		s.laterOuts = append(s.laterOuts, f)
		return
	}
	s.out, s.outBody, s.outAt = f, b, f.At
	if b.TypedAt != nil {
		s.outAt = parking.BusinessTime(*b.TypedAt)
	}
	s.class = cmp.Or(s.class, b.Class)
	if s.plate == "" {
		s.plate, s.display = b.Plate, b.Display
	}
	if !s.voided() {
		s.state = "left"
	}
}
