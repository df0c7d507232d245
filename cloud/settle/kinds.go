package settle

import "slices"

// How is a way to settle a conflict.
type How string

// The ways. Those marked with an effect write a fact that does it; the others
// are words about what was done elsewhere, or that nothing has to be.
const (
	Accept      How = "accept"        // it is as it is
	Explain     How = "explain"       // with the reason
	Place       How = "place"         // effect: the loser of a slot stands elsewhere
	Swap        How = "swap"          // effect: the loser has the slot, its holder stands elsewhere
	CloseMissed How = "close_missed"  // effect: the older stay is voided, its exit was missed
	Correct     How = "correct_plate" // effect: a plate was misread
	BlockPlate  How = "block_plate"   // effect: the plate is cloned and goes on the block list
	BlockToken  How = "block_token"   // effect: the card or ticket is blocked
	Match       How = "match"         // effect: the exit is that of a stay
	Keep        How = "keep"          // the exit stays without an entry, with the money taken
	Refund      How = "refund"        // effect: money was given back
	Claim       How = "claim"         // the difference is claimed from the driver, elsewhere
	Investigate How = "investigate"   // somebody looks into it, with a note
	ReEnrol     How = "re_enrol"      // the gate is enrolled anew, with a note
	Discard     How = "discard"       // an item of quarantine is given up, with a reason
)

// allowed is the last column of semantics.md §4.
var allowed = map[string][]How{
	"slot_twice":       {Place, Swap, Accept},
	"slot_invalid":     {Place, Accept},
	"plate_inside":     {CloseMissed, Correct, BlockPlate, Accept},
	"token_twice":      {Accept, BlockToken},
	"token_mismatch":   {Accept, BlockToken},
	"exit_unknown":     {Match, Keep},
	"exit_twice":       {Accept, Refund},
	"fee_differs":      {Accept, Refund},
	"paid_twice":       {Refund, Accept},
	"overpaid":         {Refund, Accept},
	"reference_twice":  {Explain, Refund},
	"receipt_twice":    {Explain},
	"pass_over":        {Accept, Claim},
	"pass_places":      {Accept, Claim},
	"rights":           {Accept, Investigate},
	"paper":            {Accept, Investigate},
	"clock":            {Accept, Investigate},
	"gate_cloned":      {ReEnrol, Investigate, Accept},
	"gate_rolled_back": {Accept, ReEnrol, Investigate},
	"unreadable":       {Discard},
}

// Kinds lists the kinds of conflicts, sorted.
func Kinds() []string {
	out := make([]string, 0, len(allowed))
	for kind := range allowed {
		out = append(out, kind)
	}
	slices.Sort(out)
	return out
}

// Allowed lists the ways in which a conflict of a kind can be settled, the
// most likely first. A kind that this program does not know can be accepted.
func Allowed(kind string) []How {
	if ways, known := allowed[kind]; known {
		return ways
	}
	return []How{Accept}
}

// NeedsReason says whether a way is worth nothing without a reason.
func (h How) NeedsReason() bool {
	switch h {
	case Explain, CloseMissed, BlockPlate, BlockToken, Refund, Claim, Investigate, ReEnrol, Discard:
		return true
	}
	return false
}
