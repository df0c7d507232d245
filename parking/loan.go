package parking

import (
	"slices"

	"github.com/google/uuid"
)

// Who may offer a slot (docs/SLOTS.md). At any moment the right to offer a
// slot lies with one gate at most: its home, or the gate that the home has
// lent it to. The functions here decide on each side; none of them looks at a
// clock, because a vehicle that a cut-off gate put into a borrowed slot stands
// there however much time has passed.

// Loan is the right to offer a slot, away from its home.
type Loan struct {
	N     int64  `json:"n"`            // rises with every loan of the slot that was decided
	To    string `json:"to,omitempty"` // who may offer it; "" when the loan is over
	Epoch Epoch  `json:"epoch,omitempty"`
	// Incarnation of the cloud's database in which the home agreed. Under
	// another one the loan gives no right: it only waits to be returned.
	Incarnation uuid.UUID `json:"incarnation,omitzero"`
}

// Open says whether the right lies with a borrower.
func (l Loan) Open() bool { return l.To != "" }

// Asked is the cloud's question to a home gate: lend this slot.
type Asked struct {
	Slot string `json:"slot"`
	Loan
	ForGood bool `json:"for_good,omitempty"` // To becomes the home
}

// LoanNote is what a gate says of loans, all of it each time: a note that is
// lost or comes twice changes nothing.
type LoanNote struct {
	// Incarnation of the cloud's database that the gate knows: another one
	// does not listen.
	Incarnation uuid.UUID `json:"incarnation"`

	Want     []string   `json:"want,omitempty"` // slots that it would like to offer
	Lent     []LentWord `json:"lent,omitempty"` // home: these are lent
	Kept     []Returned `json:"kept,omitempty"` // home: these are not
	Returned []Returned `json:"returned,omitempty"`
}

// Empty says that there is nothing to say.
func (n *LoanNote) Empty() bool {
	return len(n.Want)+len(n.Lent)+len(n.Kept)+len(n.Returned) == 0
}

// LentWord is a home's word that a slot is lent. Seen is the number of the
// slot's loan that the home knew when it said so.
type LentWord struct {
	Asked
	Seen int64 `json:"seen"`
}

// Returned is a borrower's word that it offers the slot no more under loan N
// and earlier ones, and that all it did with it is in its facts up to Seq of
// Epoch, its present run; those of earlier runs are in the feed already. As
// Kept it is a home's word that it did not lend.
type Returned struct {
	Slot  string `json:"slot"`
	N     int64  `json:"n"`
	Epoch Epoch  `json:"epoch,omitempty"`
	Seq   int64  `json:"seq,omitempty"`
}

// LendRequest is what the cloud asks a gate about loans.
type LendRequest struct {
	Lend   []Asked  `json:"lend,omitempty"`   // as the home
	Recall []string `json:"recall,omitempty"` // as the borrower: return them when you can
}

// Lent is what a home gate keeps of the last loan of one of its slots: on disk
// before it is acknowledged, and until the cloud's word that it is over has
// come in the feed, behind everything that the borrower did.
type Lent struct {
	Asked
	// Known is the incarnation of the cloud's database in which N counts: of
	// another one the cloud may have forgotten the loan.
	Known uuid.UUID `json:"known"`
	Over  bool      `json:"over"`
}

// Blocks says whether the home must not offer the slot.
func (l Lent) Blocks() bool { return l.N > 0 && !l.Over }

// Told is the ledger after the slot was told in the feed or a snapshot of the
// cloud's database incarnation.
func (l Lent) Told(incarnation uuid.UUID, s Slot) Lent {
	switch {
	case l.N == 0:
	case l.Known == incarnation:
		l.Over = l.Over || s.Loan.N > l.N || s.Loan.N == l.N && !s.Loan.Open()
	case s.Loan.Open() && s.Loan.To == l.To && s.Loan.Epoch == l.Epoch && s.Loan.Incarnation == l.Incarnation:
		l.N, l.Known, l.Over = s.Loan.N, incarnation, false // it knows, or has taken our word
	case l.ForGood && s.Home == l.To:
		l.N, l.Known, l.Over = s.Loan.N, incarnation, true
	default:
		// A restored cloud may have forgotten what the borrower did: it is asked
		// to wait for the borrower again.
		l.Over = false
	}
	return l
}

// Lend is the home's decision about a slot that it knows as s: the new ledger,
// and whether the slot is lent. A question that comes again is answered again;
// one from before what is known already is refused. What the home wants to
// keep for itself is for the caller to see first.
func (l Lent) Lend(gate string, incarnation uuid.UUID, s Slot, ask Asked) (Lent, bool) {
	if l.Blocks() {
		return l, l.Asked == ask
	}
	old := s.Loan.N
	if l.Known == incarnation {
		old = max(old, l.N)
	}
	if ask.Incarnation != incarnation || ask.N <= old || ask.To == "" || ask.To == gate || ask.Slot != s.Code ||
		s.Home != gate || s.Loan.Open() || s.State != SlotFree {
		return l, false
	}
	return Lent{Asked: ask, Known: incarnation}, true
}

// GivenUp is the last loan of a slot that a gate has given up in this run.
type GivenUp struct {
	N           int64
	Incarnation uuid.UUID
}

// MayOffer says whether a gate may hand out the slot without asking: its own
// one that is not lent, or one that is lent to this run of it.
func MayOffer(gate string, epoch Epoch, incarnation uuid.UUID, s Slot, lent Lent, up GivenUp) bool {
	if s.Home == gate {
		return !lent.Blocks() && !s.Loan.Open()
	}
	return s.Loan.To == gate && s.Loan.Epoch == epoch && s.Loan.Incarnation == incarnation && !up.covers(s.Loan)
}

func (u GivenUp) covers(l Loan) bool { return u.Incarnation == l.Incarnation && l.N <= u.N }

// Right is what the cloud holds about the right to offer one slot.
type Right struct {
	Home   string
	Loan   Loan   // the last one that was decided
	Ask    *Asked // under way, with the number after Loan's
	Recall bool   // somebody else would like to have it
}

// Wanted is after gate to, in its run epoch, said that it would like to offer
// the slot, or an administrator that it shall be the home.
func (r Right) Wanted(incarnation uuid.UUID, slot, to string, epoch Epoch, forGood bool) Right {
	switch {
	case r.Loan.Open() && (forGood || r.Loan.To != to || r.Loan.Epoch != epoch):
		r.Recall = true
	case r.Loan.Open() || r.Ask != nil || r.Home == to:
	default:
		r.Ask = &Asked{Slot: slot, Loan: Loan{N: r.Loan.N + 1, To: to, Epoch: epoch, Incarnation: incarnation}, ForGood: forGood}
	}
	return r
}

// Agreed is after gate from said that the slot is lent.
func (r Right) Agreed(incarnation uuid.UUID, from string, w LentWord) Right {
	if w.To == "" || w.To == from {
		return r
	}
	if w.Incarnation != incarnation {
		return r.remembered(incarnation, from, w)
	}
	if from != r.Home || r.Ask == nil || *r.Ask != w.Asked {
		return r // decided already: the feed tells
	}
	r.Loan, r.Ask, r.Recall = w.Loan, nil, false
	if w.ForGood {
		r.Home, r.Loan = w.To, Loan{N: w.N}
	}
	return r
}

// remembered is a loan that this database has forgotten and the lender knows.
// It keeps its old incarnation: it gives no right any more, and waits until the
// borrower has returned it, with all that it did. What was open here is older,
// since only what was returned is lent again. A home that was changed is what
// this database says until it is changed anew; who it was changed to may have
// lent the slot on.
func (r Right) remembered(incarnation uuid.UUID, from string, w LentWord) Right {
	if from != r.Home && from != r.Loan.To || w.Seen != r.Loan.N || r.Loan.Open() && r.Loan.Incarnation == incarnation {
		return r
	}
	w.N = r.Loan.N + 1
	r.Loan, r.Ask = w.Loan, nil
	return r
}

// Refused is after gate from kept the slot, or did not answer: the number is
// used up, so that an answer that comes late means nothing.
func (r Right) Refused(from string, n int64) Right {
	if from == r.Home && r.Ask != nil && r.Ask.N == n {
		r.Loan, r.Ask = Loan{N: n}, nil
	}
	return r
}

// GaveBack is after gate from said that it offers the slot no more. held is
// how far the cloud holds the facts of the epoch that the word names: before
// it holds all that were done with the slot, the loan is not over.
func (r Right) GaveBack(from string, w Returned, held int64) Right {
	if r.Loan.To == from && w.N == r.Loan.N && w.Epoch.Valid() && held >= max(w.Seq, 1) {
		return r.Ended()
	}
	return r
}

// Ended is after the loan has ended: returned, or its gate was revoked.
func (r Right) Ended() Right {
	r.Loan, r.Recall = Loan{N: r.Loan.N}, false
	return r
}

// Shares divides what was last known to be free in a counted zone among the
// site's gates, in order of their codes, for the time when one is cut off: each
// the same, what is left over to the first ones.
func Shares(free int, gates []Gate, gate string) int {
	if free <= 0 || len(gates) == 0 {
		return 0
	}
	codes := make([]string, len(gates))
	for i, g := range gates {
		codes[i] = g.Code
	}
	slices.Sort(codes)
	at := slices.Index(codes, gate)
	if at < 0 {
		return 0
	}
	share := free / len(codes)
	if at < free%len(codes) {
		share++
	}
	return share
}
