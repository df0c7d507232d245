package parking

import (
	"slices"
)

// Signs of a fact are what a report about theft looks for in it
// (docs/LEAKAGE.md), beside its kind: written next to the fact, so that a day
// of thousands of facts is counted without reading their bodies.
const (
	SignByHand   = "by_hand"  // a barrier opened by hand
	SignPick     = "pick"     // an exit whose stay is not the one that the gate ranked first
	SignDiscount = "discount" // an exit whose fee a discount reduced
	SignGrace    = "grace"    // an exit that was free for its shortness
	SignPaper    = "paper"    // entered later with a typed time: nothing passed a lane then
	SignWalk     = "walk"     // an entry that an inventory walk made
)

// SignsOf lists the signs of a fact's body, none for most.
func SignsOf(body any) []string {
	var out []string
	add := func(sign string, there bool) {
		if there {
			out = append(out, sign)
		}
	}
	switch b := body.(type) {
	case *BarrierOpened:
		add(SignByHand, b.Cause == "by_hand")
	case *VehicleIn:
		add(SignPaper, b.TypedAt != nil)
		add(SignWalk, b.Walk != nil)
	case *VehicleOut:
		has := func(code LineCode) bool {
			return slices.ContainsFunc(b.Charge.Lines, func(l Line) bool { return l.Code == code })
		}
		add(SignPick, b.Picked())
		add(SignDiscount, has(LineDiscount))
		add(SignGrace, has(LineFree))
		add(SignPaper, b.TypedAt != nil)
	}
	return out
}

// Picked says whether the exit was taken for another stay than the first of
// those that the gate offered.
func (b *VehicleOut) Picked() bool {
	return len(b.Candidates) > 0 && b.Candidates[0].Stay != b.Stay
}

// LaneNamed is the lane that a fact's body names, "" for none.
func LaneNamed(body any) string {
	switch b := body.(type) {
	case *VehicleIn:
		return b.Lane
	case *VehicleOut:
		return b.Lane
	case *VehicleBackedOut:
		return b.Lane
	case *BarrierOpened:
		return b.Lane
	case *LanePassage:
		return b.Lane
	case *ReadRejected:
		return b.Lane
	}
	return ""
}
