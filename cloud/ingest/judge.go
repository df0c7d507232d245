package ingest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Kinds of conflicts that are judged here.
const (
	SlotTwice   = "slot_twice"   // two stays claim a slot at overlapping times
	PlateInside = "plate_inside" // IN of a plate that is already inside
	ExitUnknown = "exit_unknown" // OUT with no stay
	ExitTwice   = "exit_twice"   // two OUTs for one stay
	FeeDiffers  = "fee_differs"  // fee charged is not the fee by tariff and times on the fact
	SlotInvalid = "slot_invalid" // slot unknown, or not for the stay's class
)

// ofStay are the kinds that are judged stay by stay, and pair by pair of
// stays; slot_twice is judged slot by slot.
var ofStay = []string{PlateInside, ExitUnknown, ExitTwice, FeeDiffers, SlotInvalid}

// finding is a contradiction among facts. It is no error: all facts stand.
type finding struct {
	kind  string
	facts []uuid.UUID
	stays []uuid.UUID
	slot  string
	at    time.Time // business time of the later fact
}

// id is the hash of the kind and the facts, in whatever order they are named.
// The same contradiction is therefore found again under the same id, and other
// facts make another conflict.
func (f *finding) id() [sha256.Size]byte {
	facts := slices.Clone(f.facts)
	slices.SortFunc(facts, compareIDs)
	h := sha256.New()
	h.Write([]byte("gatehouse conflict 1\n" + f.kind + "\n"))
	for _, id := range facts {
		h.Write(id[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// judgedClaim is a claim of a stay, and whether the slot exists and takes the
// stay's class. Only valid claims compete for a slot.
type judgedClaim struct {
	parking.Claim
	valid bool
}

// judgeStay finds what is wrong within one stay: facts are all of its facts,
// claims those of the stay. tariff returns a version, nil when it is not known
// here (then the fee is not judged). A voided stay contradicts nothing.
func judgeStay(s *parking.Stay, facts []parking.Fact, claims []judgedClaim, tariff func(id string, version int) *parking.Tariff) []finding {
	if s.State == parking.Voided || s.State == "" {
		return nil
	}
	var out []finding
	one := func(kind string, at time.Time, slot string, facts ...uuid.UUID) {
		out = append(out, finding{kind: kind, facts: facts, stays: []uuid.UUID{s.ID}, slot: slot, at: at})
	}
	for _, c := range claims {
		if !c.valid {
			one(SlotInvalid, c.From, c.Slot, c.Fact)
		}
	}
	if s.OutAt == nil {
		return out
	}
	if s.InAt == nil {
		one(ExitUnknown, *s.OutAt, "", s.OutFact)
	}
	for _, f := range facts {
		if f.Kind == parking.KindVehicleOut && f.ID != s.OutFact {
			one(ExitTwice, f.At, "", s.OutFact, f.ID) // the fold closed the stay by the earlier
		}
	}
	if s.InAt != nil && s.Charge != nil && feeDiffers(s, tariff) {
		one(FeeDiffers, *s.OutAt, "", s.OutFact)
	}
	return out
}

// feeDiffers prices the stay again: by the version in force when it came in,
// for its class, with the times that the gate wrote on the fact. The codes of
// discounts are not on the fact, so that with a discount only what comes
// before it is compared, and that the fee is the sum of its lines.
func feeDiffers(s *parking.Stay, tariff func(string, int) *parking.Tariff) bool {
	c := s.Charge
	t := tariff(s.Tariff, s.TariffV)
	if t == nil {
		return false
	}
	if c.Currency != t.Currency {
		return true
	}
	if has(c.Lines, parking.LinePass) && s.Pass != "" {
		return c.Fee != sum(c.Lines)
	}
	q, err := t.Quote(parking.QuoteRequest{Class: s.Class, In: c.In, Out: c.Out, Lost: has(c.Lines, parking.LineLostTicket)})
	if err != nil {
		return false // such a stay has no price here; the gate's stands
	}
	if has(c.Lines, parking.LineDiscount) {
		skip := []parking.LineCode{parking.LineDiscount, parking.LineRounding}
		return c.Fee != sum(c.Lines) || sum(c.Lines, skip...) != sum(q.Lines, skip...)
	}
	return c.Fee != q.Fee
}

func has(lines []parking.Line, code parking.LineCode) bool {
	return slices.ContainsFunc(lines, func(l parking.Line) bool { return l.Code == code })
}

func sum(lines []parking.Line, but ...parking.LineCode) parking.Money {
	var m parking.Money
	for _, l := range lines {
		if !slices.Contains(but, l.Code) {
			m += l.Amount
		}
	}
	return m
}

// judgePlates finds pairs of stays of one plate whose visits overlap, as half
// open intervals with an open end for what is inside. One of each pair is
// touched: pairs of others were judged when they were.
func judgePlates(touched, others []*parking.Stay) []finding {
	byPlate := map[parking.Plate][]*parking.Stay{}
	for _, s := range others {
		if visible(s) {
			byPlate[s.Plate] = append(byPlate[s.Plate], s)
		}
	}
	var out []finding
	for _, s := range touched {
		if !visible(s) {
			continue
		}
		for _, o := range byPlate[s.Plate] {
			if f, twice := plateTwice(s, o); twice {
				out = append(out, f)
			}
		}
		// Later ones of the touched meet this one, so that each pair is judged once.
		byPlate[s.Plate] = append(byPlate[s.Plate], s)
	}
	return out
}

// visible says whether a stay was a visit of a known plate.
func visible(s *parking.Stay) bool {
	return s.Plate != "" && s.InAt != nil && s.State != parking.Voided
}

func plateTwice(a, b *parking.Stay) (finding, bool) {
	if cmp.Or(a.InAt.Compare(*b.InAt), compareIDs(a.InFact, b.InFact)) > 0 {
		a, b = b, a
	}
	// a came first. An empty visit (out not after in) overlaps nothing.
	ends := func(s *parking.Stay, t time.Time) bool { return s.OutAt != nil && !s.OutAt.After(t) }
	if ends(a, *b.InAt) || ends(b, *b.InAt) {
		return finding{}, false
	}
	return finding{
		kind: PlateInside, facts: []uuid.UUID{a.InFact, b.InFact}, stays: []uuid.UUID{a.ID, b.ID}, at: *b.InAt,
	}, true
}

// judgeSlot finds the claims of one slot that lost, each against the claim
// that held the slot at that moment. placed is the result of PlaceClaims.
func judgeSlot(placed []parking.Claim) []finding {
	var out []finding
	var holder *parking.Claim
	for i := range placed {
		c := &placed[i]
		if c.Placed {
			// A claim that ends no later than it begins holds nothing.
			if c.Until == nil || c.Until.After(c.From) {
				holder = c
			}
			continue
		}
		if holder == nil || c.Stay == holder.Stay {
			continue // a stay does not contradict itself
		}
		out = append(out, finding{
			kind: SlotTwice, facts: []uuid.UUID{holder.Fact, c.Fact}, stays: []uuid.UUID{holder.Stay, c.Stay},
			slot: c.Slot, at: c.From,
		})
	}
	return out
}
