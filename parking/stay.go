package parking

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// StayState is where a visit stands.
type StayState string

// States of a stay.
const (
	Inside StayState = "inside"
	Left   StayState = "left"
	Voided StayState = "voided" // it never was one
)

// Stay is one vehicle's visit, folded from its facts: from IN to OUT, with
// its fee and payments. InAt is nil for an exit whose IN is not known (yet).
type Stay struct {
	ID      uuid.UUID  `json:"id"`
	State   StayState  `json:"state"`
	Class   Class      `json:"class"`
	Plate   Plate      `json:"plate"`
	Display string     `json:"display"`
	Token   string     `json:"token,omitempty"`
	Zone    string     `json:"zone"`
	Slot    string     `json:"slot,omitempty"` // the slot that it claims
	Placed  bool       `json:"placed"`         // whether it holds that slot (or stands in a counted zone)
	InAt    *time.Time `json:"in_at,omitempty"`
	InGate  string     `json:"in_gate,omitempty"`
	InLane  string     `json:"in_lane,omitempty"`
	InBy    string     `json:"in_by,omitempty"`
	OutAt   *time.Time `json:"out_at,omitempty"`
	OutGate string     `json:"out_gate,omitempty"`
	OutLane string     `json:"out_lane,omitempty"`
	OutBy   string     `json:"out_by,omitempty"`
	Tariff  string     `json:"tariff,omitempty"`
	TariffV int        `json:"tariff_version,omitempty"`
	Pass    string     `json:"pass,omitempty"`
	// OutPlate is the plate as read at the exit, OutToken the token presented
	// there, OutFact the fact that closed the stay.
	OutPlate  Plate      `json:"out_plate,omitempty"`
	OutToken  string     `json:"out_token,omitempty"`
	OutFact   uuid.UUID  `json:"out_fact"`
	InFact    uuid.UUID  `json:"in_fact"`
	Charge    *Charge    `json:"charge,omitempty"` // as charged at the exit
	Payments  []Payment  `json:"payments,omitempty"`
	InPhotos  []PhotoRef `json:"in_photos,omitempty"`
	OutPhotos []PhotoRef `json:"out_photos,omitempty"`
	Moves     []Move     `json:"moves,omitempty"` // the claims it made, in order
	// InPaper and OutPaper say that the entry, the exit, was entered later from a
	// paper ticket, with a typed time.
	InPaper  bool `json:"in_paper,omitempty"`
	OutPaper bool `json:"out_paper,omitempty"`
	// TokenLostAt is when the driver first said that his token is lost.
	TokenLostAt *time.Time `json:"token_lost_at,omitempty"`
	// BackedOut are INs and OUTs that did not come true.
	BackedOut []uuid.UUID `json:"backed_out,omitempty"`
	Refunds   []Refund    `json:"refunds,omitempty"`
	// Into is the stay whose OUT this exit turned out to be (docs/STATE.md §3).
	Into *uuid.UUID `json:"into,omitempty"`
}

// Move is a claim: from At on the stay says that it stands in Zone, Slot.
type Move struct {
	Fact uuid.UUID `json:"fact"`
	At   time.Time `json:"at"`
	Zone string    `json:"zone"`
	Slot string    `json:"slot,omitempty"`
}

// Unknown says whether the stay is an exit whose entry is not known.
func (s *Stay) Unknown() bool { return s.State == Left && s.InAt == nil }

// TokenUntil is when the stay's hold on its token ended, nil while it lasts:
// at the OUT, or before when the token was lost.
func (s *Stay) TokenUntil() *time.Time {
	if s.TokenLostAt != nil && (s.OutAt == nil || s.TokenLostAt.Before(*s.OutAt)) {
		return s.TokenLostAt
	}
	return s.OutAt
}

// PaidSum is the money received and kept for the stay.
func (s *Stay) PaidSum() Money {
	var sum Money
	for _, p := range s.Payments {
		if p.Status == Paid {
			sum += p.Left()
		}
	}
	return sum
}

// ApplyFact changes s by one fact about it whose body was decoded. Applying a
// fact twice is the same as once. It is the only place where facts become
// state; FoldStay and the gate's overlay both use it.
func (s *Stay) ApplyFact(f Fact, body any) {
	switch b := body.(type) {
	case *VehicleIn:
		s.applyIn(f, b)
	case *VehicleOut:
		s.applyOut(f, b)
	case *VehicleBackedOut:
		s.backOut(b.Of)
	case *PlateCorrected:
		s.Plate, s.Display = b.Plate, b.Display
		if b.Pass != nil && s.InAt != nil {
			s.Pass = *b.Pass
		}
	case *ClassCorrected:
		s.Class = b.Class
		if b.Pass != nil && s.InAt != nil {
			s.Pass = *b.Pass
		}
	case *SlotChanged:
		s.move(Move{Fact: f.ID, At: f.At, Zone: b.Zone, Slot: b.Slot})
	case *StayPlaced:
		s.move(Move{Fact: f.ID, At: f.At, Zone: b.Zone, Slot: b.Slot})
	case *StayVoided:
		s.State = Voided
	case *TokenLost:
		if s.TokenLostAt == nil || f.At.Before(*s.TokenLostAt) {
			s.TokenLostAt = &f.At
		}
	default:
		s.applyMoney(f, body)
	}
}

func (s *Stay) applyIn(f Fact, b *VehicleIn) {
	if slices.Contains(s.BackedOut, f.ID) {
		s.State = Voided
	}
	if s.InAt != nil && s.InFact != f.ID {
		return // two INs with one stay id: the earlier stands
	}
	if s.State == "" {
		s.State = Inside
	}
	s.InFact, s.InAt, s.InGate, s.InLane, s.InBy = f.ID, &f.At, f.Gate, b.Lane, f.Actor
	if b.TypedAt != nil {
		typed := BusinessTime(*b.TypedAt)
		s.InAt, s.InPaper = &typed, true
	}
	s.Class, s.Plate, s.Display, s.Token = b.Class, b.Plate, b.Display, b.Token
	s.Tariff, s.TariffV, s.Pass, s.InPhotos = b.Tariff, b.TariffV, b.Pass, b.Photos
	s.move(Move{Fact: f.ID, At: *s.InAt, Zone: b.Zone, Slot: b.Slot})
}

func (s *Stay) applyOut(f Fact, b *VehicleOut) {
	if slices.Contains(s.BackedOut, f.ID) {
		return
	}
	if s.OutAt != nil && s.OutFact != f.ID {
		return // two OUTs for one stay: the earlier closes it
	}
	if s.State != Voided {
		s.State = Left
	}
	if s.Class == "" {
		s.Class = b.Class
	}
	if s.Plate == "" {
		s.Plate, s.Display = b.Plate, b.Display
	}
	charge := b.Charge
	s.OutFact, s.OutAt, s.OutGate, s.OutLane, s.OutBy = f.ID, &f.At, f.Gate, b.Lane, f.Actor
	s.OutPlate, s.OutToken, s.Charge, s.OutPhotos = b.Plate, b.Token, &charge, b.Photos
	if b.TypedAt != nil {
		typed := BusinessTime(*b.TypedAt)
		s.OutAt, s.OutPaper = &typed, true
	}
}

// backOut notes that an IN or OUT did not come true, and takes back what it
// has done. FoldStay notes all before it applies the rest, so that nothing has
// to be taken back there.
func (s *Stay) backOut(of uuid.UUID) {
	if slices.Contains(s.BackedOut, of) {
		return
	}
	s.BackedOut = append(s.BackedOut, of)
	if s.InAt != nil && s.InFact == of {
		s.State = Voided
	}
	if s.OutAt == nil || s.OutFact != of {
		return
	}
	s.OutAt, s.OutGate, s.OutLane, s.OutBy, s.OutFact = nil, "", "", "", uuid.Nil
	s.OutPlate, s.OutToken, s.Charge, s.OutPhotos, s.OutPaper = "", "", nil, nil, false
	if s.State == Left {
		s.State = ""
		if s.InAt != nil {
			s.State = Inside
		}
	}
}

// move appends m; the newest move is where the stay says it stands.
func (s *Stay) move(m Move) {
	if slices.ContainsFunc(s.Moves, func(o Move) bool { return o.Fact == m.Fact }) {
		return
	}
	s.Moves = append(s.Moves, m)
	s.Zone, s.Slot = m.Zone, m.Slot
	s.Placed = true // until the replay of the slot's claims says otherwise
}

// StayKinds lists the kinds of facts about a stay: what changes it, and what a
// settlement of its conflicts must have seen.
func StayKinds() []Kind {
	return []Kind{
		KindVehicleIn, KindVehicleOut, KindVehicleBackedOut, KindPlateCorrected, KindClassCorrected, KindSlotChanged,
		KindStayPlaced, KindStayVoided, KindTokenLost, KindExitMatched, KindPaymentRequested, KindPaymentTaken,
		KindPaymentConfirmed, KindRefundPaid, KindRefunded,
	}
}

// AboutStay says whether facts of kind k are about a stay.
func AboutStay(k Kind) bool { return slices.Contains(StayKinds(), k) }

// Told is a fact and what its body says, as decoded.
type Told struct {
	Fact
	Says any
}

// FoldStay computes a stay from all facts about it that are held, in any
// order. Facts whose body cannot be read are passed over; they wait in
// quarantine. Facts that name one of exits are folded with the stay's own:
// these are the exits that were matched with it.
func FoldStay(id uuid.UUID, facts []Fact, exits ...uuid.UUID) Stay {
	told := make([]Told, 0, len(facts))
	for _, f := range facts {
		body, err := DecodeBody(f)
		if stay := StayOf(f); err == nil && (stay == id || slices.Contains(exits, stay)) {
			told = append(told, Told{f, body})
		}
	}
	return FoldTold(id, told)
}

// FoldTold is FoldStay for facts about the stay that were decoded before.
func FoldTold(id uuid.UUID, told []Told) Stay {
	told = slices.Clone(told)
	slices.SortFunc(told, func(a, b Told) int { return a.Compare(b.Fact) })
	told = slices.CompactFunc(told, func(a, b Told) bool { return a.ID == b.ID })
	s := Stay{ID: id}
	for _, t := range told {
		if b, ok := t.Says.(*VehicleBackedOut); ok {
			s.backOut(b.Of)
		}
	}
	for _, t := range told {
		s.ApplyFact(t.Fact, t.Says)
	}
	return s
}

// MergeExit makes of an exit what it is once it has found its entry: voided,
// its money and charge gone into the stay whose OUT it was.
func (s *Stay) MergeExit(into uuid.UUID) {
	s.State, s.Into, s.Charge, s.Payments, s.Refunds = Voided, &into, nil, nil, nil
}

// Claim is one stay's claim on one slot, from From until Until (nil: still).
type Claim struct {
	Slot   string
	Stay   uuid.UUID
	From   time.Time
	Until  *time.Time
	Fact   uuid.UUID // the fact that made the claim; decides ties
	Placed bool      // result of PlaceClaims
}

// Claims lists the claims that a stay makes on numbered slots.
func (s *Stay) Claims() []Claim {
	if s.State == Voided || s.InAt == nil {
		return nil // whoever has not come in yet holds no slot
	}
	var out []Claim
	for i, m := range s.Moves {
		if m.Slot == "" || (s.OutAt != nil && m.Fact != s.InFact && !m.At.Before(*s.OutAt)) {
			continue // no slot, or a move of a vehicle that has left
		}
		c := Claim{Slot: m.Slot, Stay: s.ID, From: m.At, Until: s.OutAt, Fact: m.Fact}
		if i+1 < len(s.Moves) {
			if next := s.Moves[i+1].At; c.Until == nil || next.Before(*c.Until) {
				c.Until = &next
			}
		}
		out = append(out, c)
	}
	return out
}

// PlaceClaims replays the claims of one slot in order of time: the earlier
// keeps it, a claim that overlaps one already placed stays unplaced. Intervals
// are half open. The result does not depend on the order of the input.
func PlaceClaims(claims []Claim) []Claim {
	out := slices.Clone(claims)
	slices.SortFunc(out, func(a, b Claim) int {
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return slices.Compare(a.Fact[:], b.Fact[:])
	})
	// Placed claims do not overlap and come in order of From, so the end of
	// the last placed one is all that the next has to be compared with.
	var busyUntil *time.Time
	busy := false
	for i := range out {
		c := &out[i]
		if c.Until != nil && !c.Until.After(c.From) {
			c.Placed = true // it held the slot for no time at all
			continue
		}
		c.Placed = !busy || (busyUntil != nil && !busyUntil.After(c.From))
		if c.Placed {
			busy, busyUntil = true, c.Until
		}
	}
	return out
}
