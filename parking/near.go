package parking

import (
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Loans over the local network (docs/NEIGHBOURS.md). While the internet is cut,
// the right to offer a slot goes from its home gate to a neighbour by the home's
// decision alone: the cloud is not asked, and hears of it only by what the
// vehicles' facts say. As with the loans that the cloud arranges, no clock ends
// one: it is over when its borrower has given it up, for good, and the home holds
// every fact that the borrower had written by then.

// NearLoan is the right to offer a slot that its home has lent to a neighbour,
// for one run of that gate.
type NearLoan struct {
	Slot  string `json:"slot"`
	Home  string `json:"home"`
	N     int64  `json:"n"` // rises with every loan of the slot by this home
	To    string `json:"to"`
	Epoch Epoch  `json:"epoch"` // the borrower's
}

// NearBack is a borrower's word that it offers the slot no more under loan N,
// and that all that it did with it is in its facts of the loan's run up to Seq.
type NearBack struct {
	Slot string `json:"slot"`
	N    int64  `json:"n"`
	Seq  int64  `json:"seq"`
}

// NearNote is what a gate says to a neighbour about slots that are lent over the
// local network, all of it each time: a note that is lost, late or comes twice
// changes nothing.
type NearNote struct {
	Epoch Epoch         `json:"epoch"`          // of the run that speaks
	Need  map[Class]int `json:"need,omitempty"` // free slots of the neighbour's that it would like to be lent, in all
	Skip  []string      `json:"skip,omitempty"` // which it does not see free
	Have  []NearLoan    `json:"have,omitempty"` // which it may offer
	Back  []NearBack    `json:"back,omitempty"`
}

// Empty says that there is nothing to say.
func (n *NearNote) Empty() bool { return len(n.Need)+len(n.Have)+len(n.Back) == 0 }

// Bounds of what a note says.
const (
	maxNearWords = 256 // in each list
	maxNearN     = 1 << 50
)

// Check says what is wrong with a note, nil when it is as agreed.
func (n *NearNote) Check() error {
	if max(len(n.Need), len(n.Skip), len(n.Have), len(n.Back)) > maxNearWords {
		return Errorf(TooLarge, "A note about slots names at most %d of them.", maxNearWords)
	}
	codes := slices.Clone(n.Skip)
	good := n.Epoch.Valid()
	for _, l := range n.Have {
		codes = append(codes, l.Slot)
		good = good && 0 < l.N && l.N < maxNearN && l.Epoch.Valid()
	}
	for _, b := range n.Back {
		codes = append(codes, b.Slot)
		good = good && 0 < b.N && b.N < maxNearN && b.Seq >= 0
	}
	for class, need := range n.Need {
		good = good && need >= 0 && ValidCode("class", string(class)) == nil
	}
	for _, code := range codes {
		good = good && ValidCode("slot", code) == nil
	}
	if !good {
		return Errorf(Invalid, "The note about slots is not as agreed.")
	}
	return nil
}

// NearAnswer is what the home says to a note: every loan to that gate that is
// not over.
type NearAnswer struct {
	Lent []NearLoan `json:"lent,omitempty"`
}

// NearLent is what a home keeps of the last loan of a slot over the local
// network: on disk before anybody is told of it.
type NearLent struct {
	NearLoan
	Back bool  `json:"back,omitempty"` // the borrower has given it up
	Seq  int64 `json:"seq,omitempty"`  // and these are the facts that it had written by then
	// Known is the incarnation of the cloud's database under which it was found
	// over: another one may have forgotten what the borrower did.
	Known uuid.UUID `json:"known,omitzero"`
}

// Blocks says whether the home must neither offer nor lend the slot. held is up
// to where it holds the facts of the borrower's run.
func (l NearLent) Blocks(incarnation uuid.UUID, held int64) bool {
	return l.N > 0 && !l.Over(incarnation) && (!l.Back || held < l.Seq)
}

// Over says whether it was found over under this incarnation.
func (l NearLent) Over(incarnation uuid.UUID) bool {
	return l.Known != uuid.Nil && l.Known == incarnation
}

// Settled is the ledger after a look at what is held: what is over stays so
// under this incarnation.
func (l NearLent) Settled(incarnation uuid.UUID, held int64) NearLent {
	if l.N > 0 && !l.Blocks(incarnation, held) {
		l.Known = incarnation
	}
	return l
}

// Lend is the next loan of the slot, which the home may hand out just now.
func (l NearLent) Lend(slot, home, to string, epoch Epoch) NearLent {
	return NearLent{NearLoan: NearLoan{Slot: slot, Home: home, N: l.N + 1, To: to, Epoch: epoch}}
}

// GaveBack is the ledger after gate from said that it has given the loan up.
func (l NearLent) GaveBack(from string, b NearBack) NearLent {
	if l.To == from && l.N == b.N {
		l.Back, l.Seq = true, b.Seq
	}
	return l
}

// Has is the ledger after gate from said that it may offer the slot under a loan
// that is not known here: this disk went back to an older copy.
func (l NearLent) Has(incarnation uuid.UUID, held int64, from string, loan NearLoan) NearLent {
	if loan.To != from || loan.N <= l.N || l.Blocks(incarnation, held) {
		return l
	}
	return NearLent{NearLoan: loan}
}

// NearBorrowed is what a gate has borrowed over the local network, in this run
// of its program: nothing of it is needed after the run.
type NearBorrowed struct {
	got map[string]NearLoan         // by slot: it may offer these
	owe map[string]NearLoan         // by home and slot: to be given back
	odd map[string]map[string]bool  // by home and slot: lent, and not known as its slot
	up  map[string]map[string]int64 // by home and slot: given up, and all before it
}

// Offers returns the loan under which the slot may be offered.
func (b *NearBorrowed) Offers(slot string) (NearLoan, bool) {
	l, ok := b.got[slot]
	return l, ok
}

// Got lists the slots that may be offered.
func (b *NearBorrowed) Got() []NearLoan {
	out := make([]NearLoan, 0, len(b.got))
	for _, code := range slices.Sorted(maps.Keys(b.got)) {
		out = append(out, b.got[code])
	}
	return out
}

// Owed lists what is to be given back to a home, or with "" to all.
func (b *NearBorrowed) Owed(home string) []NearLoan {
	var out []NearLoan
	for _, key := range slices.Sorted(maps.Keys(b.owe)) {
		if l := b.owe[key]; home == "" || l.Home == home {
			out = append(out, l)
		}
	}
	return out
}

// GiveUp ends the right to offer a slot, for good.
func (b *NearBorrowed) GiveUp(slot string) {
	l, ok := b.got[slot]
	if !ok {
		return
	}
	delete(b.got, slot)
	if b.up == nil {
		b.up = map[string]map[string]int64{}
	}
	if b.up[l.Home] == nil {
		b.up[l.Home] = map[string]int64{}
	}
	b.up[l.Home][slot] = max(b.up[l.Home][slot], l.N)
	b.due(l)
}

func (b *NearBorrowed) due(l NearLoan) {
	if b.owe == nil {
		b.owe = map[string]NearLoan{}
	}
	b.owe[l.Home+" "+l.Slot] = l
}

// maxOdd bounds how many slots of a home are remembered that it has lent in vain.
const maxOdd = 100

func (b *NearBorrowed) notKnown(home, slot string) {
	if b.odd == nil {
		b.odd = map[string]map[string]bool{}
	}
	if b.odd[home] == nil {
		b.odd[home] = map[string]bool{}
	}
	if len(b.odd[home]) < maxOdd {
		b.odd[home][slot] = true
	}
}

// Odd lists slots that a home has lent and that were not known as its own: it is
// asked for others.
func (b *NearBorrowed) Odd(home string) []string { return slices.Sorted(maps.Keys(b.odd[home])) }

// Told takes a home's answer to this gate, in its run epoch. What the home does
// not name is not lent (any more); a slot that is not known as the home's is given
// back.
func (b *NearBorrowed) Told(gate string, epoch Epoch, home string, a NearAnswer, known func(slot string) bool) {
	named := map[string]bool{}
	for key, l := range b.owe {
		if l.Home == home {
			delete(b.owe, key)
		}
	}
	for _, l := range a.Lent {
		if l.To != gate || l.Home != home || l.N < 1 {
			continue
		}
		if had, ok := b.got[l.Slot]; ok && had.Home != home {
			continue // it cannot be two gates' home; what is held stays
		}
		if !known(l.Slot) {
			b.notKnown(home, l.Slot)
		}
		if l.Epoch != epoch || l.N <= b.up[home][l.Slot] || !known(l.Slot) {
			b.due(l)
			continue
		}
		if b.got == nil {
			b.got = map[string]NearLoan{}
		}
		b.got[l.Slot], named[l.Slot] = l, true
	}
	for slot, l := range b.got {
		if l.Home == home && !named[slot] {
			b.GiveUp(slot)
		}
	}
}
