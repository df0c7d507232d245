package neighbour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"gatehouse/parking"
)

// Loans is who decides about slots that are lent over this link: the desk.
type Loans interface {
	// NearNote is what this gate has to say to a neighbour about that one's slots,
	// and NearTold takes the answer.
	NearNote(ctx context.Context, home string) (parking.NearNote, error)
	NearTold(ctx context.Context, home string, a parking.NearAnswer)
	// NearHeard answers a neighbour's note about slots of this gate.
	NearHeard(ctx context.Context, from string, n parking.NearNote) (parking.NearAnswer, error)
}

// SetLoans tells who decides. Before that nothing is lent and nobody is asked.
func (n *Neighbours) SetLoans(l Loans) { n.loans.Store(&l) }

// maxNoteBytes bounds a note about slots, and an answer.
const maxNoteBytes = 256 << 10

// slotTalk is what one session has to say about slots.
type slotTalk struct {
	open bool // the neighbour may count a loan that is not known here
	old  bool // its program does not lend
}

// talkSlots says what there is to say about the neighbour's slots and takes its
// answer. A session begins with it: an answer may have been lost, or a loan of an
// earlier run of this program may stand.
func (p *peer) talkSlots(ctx context.Context, c *client, t *slotTalk) error {
	loans := p.n.loans.Load()
	if loans == nil || t.old {
		return nil
	}
	note, err := (*loans).NearNote(ctx, p.gate)
	if err != nil {
		p.n.log.Warn("there is no word about a neighbour's slots", "gate", p.gate, "err", err)
		return nil
	}
	if note.Empty() && !t.open {
		return nil
	}
	t.open = true
	a, err := c.slots(ctx, note)
	var refusal *parking.Error
	switch {
	case errors.Is(err, errNotThere):
		t.old = true
		return nil
	case errors.As(err, &refusal):
		p.n.log.Debug("a neighbour lends nothing", "gate", p.gate, "err", err)
		return nil
	case err != nil:
		return err
	}
	(*loans).NearTold(ctx, p.gate, a)
	t.open = len(a.Lent) > 0
	return nil
}

func (c *client) slots(ctx context.Context, note parking.NearNote) (parking.NearAnswer, error) {
	var a parking.NearAnswer
	raw, err := json.Marshal(note)
	if err != nil {
		return a, fmt.Errorf("encode a note about slots: %w", err)
	}
	raw, err = c.ask(ctx, http.MethodPost, pathSlots, typeJSON, raw)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, parking.Errorf(parking.Invalid, "The neighbour's answer is not as agreed.")
	}
	return a, nil
}

// parseNote reads a neighbour's note about slots, or refuses it with a sentence.
func parseNote(raw []byte) (parking.NearNote, error) {
	var n parking.NearNote
	if err := json.Unmarshal(raw, &n); err != nil {
		return n, parking.Errorf(parking.Invalid, "The note about slots is not JSON as agreed: %s.", err)
	}
	return n, n.Check()
}

func (n *Neighbours) takeSlots(w http.ResponseWriter, r *http.Request, p *peer) error {
	raw, err := body(w, r, maxNoteBytes)
	if err != nil {
		return err
	}
	note, err := parseNote(raw)
	if err != nil {
		return err
	}
	loans := n.loans.Load()
	if loans == nil {
		return parking.Errorf(parking.Unavailable, "This gate is only starting.")
	}
	a, err := (*loans).NearHeard(r.Context(), p.gate, note)
	if err != nil {
		return err
	}
	p.spoke()
	return answer(w, a)
}
