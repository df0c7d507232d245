package slots

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// maxLoanWords bounds each list of a gate's note.
const maxLoanWords = 256

// Heard takes a gate's note about loans, sent in its run epoch. Notes are
// whole and may come again, late or not at all: parking.Right decides, under
// the site's lock, and the feed tells what was decided.
func (s *Service) Heard(ctx context.Context, a Asker, epoch parking.Epoch, note *parking.LoanNote) error {
	if max(len(note.Want), len(note.Lent), len(note.Kept), len(note.Returned)) > maxLoanWords {
		return parking.Errorf(parking.TooLarge, "A note about loans names at most %d slots.", maxLoanWords)
	}
	h := hearing{service: s, asker: a, epoch: epoch, note: note}
	// Most notes say again what is known: they take no lock.
	before, after, err := h.judge(ctx, s.cfg.Store.Q)
	if err != nil || maps.Equal(texts(before), texts(after)) {
		return err
	}
	err = s.cfg.Store.SiteTx(ctx, a.Site, func(t *store.SiteTx) error {
		before, after, err := h.judge(ctx, t.Q)
		if err != nil {
			return err
		}
		return s.write(ctx, t, before, after)
	})
	if err == nil {
		s.wake()
	}
	return err
}

// hearing is one note while it is heard.
type hearing struct {
	service *Service
	asker   Asker
	epoch   parking.Epoch
	note    *parking.LoanNote
}

// rights are rows of slots by code.
type rights map[string]right

type right struct {
	parking.Right
	heard  bool // the home can be asked
	absent bool // the home hands nothing out
	wanted string
}

// texts are the rights in a form that can be compared.
func texts(r rights) map[string]string {
	out := make(map[string]string, len(r))
	for code, v := range r {
		out[code] = fmt.Sprint(v.Home, v.Loan, v.Recall, v.Ask)
	}
	return out
}

// judge reads the rights that the note is about, and what becomes of them.
func (h *hearing) judge(ctx context.Context, q *cloudsql.Queries) (before, after rights, err error) {
	incarnation, err := q.Incarnation(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the incarnation: %w", err)
	}
	if h.note.Incarnation != incarnation {
		return nil, nil, nil // it has not heard of this database yet
	}
	if before, err = h.service.rights(ctx, q, h.asker.Site, h.codes()); err != nil {
		return nil, nil, err
	}
	after = maps.Clone(before)
	change := func(code string, f func(right) parking.Right) {
		if r, ok := after[code]; ok {
			r.Right = f(r)
			after[code] = r
		}
	}
	gate := h.asker.Gate
	for _, w := range h.note.Lent {
		change(w.Slot, func(r right) parking.Right { return r.Agreed(incarnation, gate, w) })
	}
	for _, w := range h.note.Kept {
		change(w.Slot, func(r right) parking.Right { return r.Refused(gate, w.N) })
	}
	held := map[parking.Epoch]int64{}
	for _, w := range h.note.Returned {
		if _, known := held[w.Epoch]; !known {
			n, err := q.GateHolds(ctx, cloudsql.GateHoldsParams{SiteID: h.asker.Site, Gate: gate, Epoch: string(w.Epoch)})
			if err != nil {
				return nil, nil, fmt.Errorf("read what is held of a gate: %w", err)
			}
			held[w.Epoch] = n
		}
		change(w.Slot, func(r right) parking.Right { return r.GaveBack(gate, w, held[w.Epoch]) })
	}
	for _, code := range h.note.Want {
		change(code, func(r right) parking.Right {
			if !r.heard && !r.Loan.Open() {
				return r.Right // an offline gate lends nothing
			}
			return r.Wanted(incarnation, code, gate, h.epoch, false)
		})
	}
	return before, after, nil
}

// codes lists the slots that the note names and that may exist.
func (h *hearing) codes() []string {
	codes := slices.Clone(h.note.Want)
	for _, w := range h.note.Lent {
		codes = append(codes, w.Slot)
	}
	for _, list := range [][]parking.Returned{h.note.Kept, h.note.Returned} {
		for _, w := range list {
			codes = append(codes, w.Slot)
		}
	}
	return slices.DeleteFunc(codes, func(code string) bool { return parking.ValidCode("slot", code) != nil })
}

// rights reads who may offer slots.
func (s *Service) rights(ctx context.Context, q *cloudsql.Queries, site uuid.UUID, codes []string) (rights, error) {
	if codes == nil {
		codes = []string{}
	}
	rows, err := q.SlotRights(ctx, cloudsql.SlotRightsParams{SiteID: site, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read who may offer slots: %w", err)
	}
	now := s.cfg.Now()
	out := make(rights, len(rows))
	for _, row := range rows {
		r := right{absent: row.HomeAbsent}
		r.heard = !row.HomeAbsent && row.HomeSeenAt != nil && now.Sub(*row.HomeSeenAt) <= homeAwayAfter
		r.Home, r.Recall, r.Loan = row.HomeGate, row.LoanRecalled, store.Loan(row.LoanNumber, row.LoanTo, row.LoanEpoch, row.LoanIncarnation)
		if row.HomeWanted != nil {
			r.wanted = *row.HomeWanted
		}
		if row.AskTo != nil {
			r.Ask = &parking.Asked{Slot: row.Code, ForGood: row.AskForGood, Loan: store.Loan(row.LoanNumber+1, row.AskTo, row.AskEpoch, row.AskIncarnation)}
		}
		out[row.Code] = r
	}
	return out, nil
}

// write writes the rights that changed, and tells in the feed what gates have
// to know: who may offer what.
func (s *Service) write(ctx context.Context, t *store.SiteTx, before, after rights) error {
	was, is := texts(before), texts(after)
	var told []string
	for _, code := range slices.Sorted(maps.Keys(after)) {
		if was[code] == is[code] {
			continue
		}
		r := after[code]
		if err := t.Q.SetSlotRight(ctx, rowOf(t.Site, code, r.Right)); err != nil {
			return fmt.Errorf("write who may offer %s: %w", code, err)
		}
		if b := before[code]; b.Home != r.Home || b.Loan != r.Loan {
			told = append(told, code)
		}
	}
	if len(told) == 0 {
		return nil
	}
	docs, err := store.Slots(ctx, t.Q, t.Site, told...)
	if err != nil {
		return err
	}
	_, err = t.Append(ctx, wire.Delta{Slots: docs}, s.cfg.Now().UTC())
	return err
}

func rowOf(site uuid.UUID, code string, r parking.Right) cloudsql.SetSlotRightParams {
	p := cloudsql.SetSlotRightParams{
		SiteID: site, Code: code, HomeGate: r.Home, LoanNumber: r.Loan.N, LoanEpoch: string(r.Loan.Epoch), LoanRecalled: r.Recall,
	}
	if r.Loan.Open() {
		p.LoanTo, p.LoanIncarnation = &r.Loan.To, &r.Loan.Incarnation
	}
	if r.Ask != nil {
		p.AskTo, p.AskEpoch, p.AskIncarnation, p.AskForGood = &r.Ask.To, string(r.Ask.Epoch), &r.Ask.Incarnation, r.Ask.ForGood
	}
	return p
}

// noSuchRow is Postgres's code for a reference to a row that is not there.
const noSuchRow = "23503"

// ChangeHome notes that a slot shall be another gate's home slot. It holds once
// the old home has agreed, or at once when that was never enrolled or has lost
// its right. The caller tells the slot in the feed. NotFound for a slot or a
// gate that is not there.
func (s *Service) ChangeHome(ctx context.Context, t *store.SiteTx, slot, gate string) error {
	n, err := t.Q.WantSlotHome(ctx, cloudsql.WantSlotHomeParams{SiteID: t.Site, Code: slot, HomeGate: gate})
	if pg := new(pgconn.PgError); errors.As(err, &pg) && pg.Code == noSuchRow {
		return parking.Errorf(parking.NotFound, "This site has no gate %s.", shown(gate))
	}
	if err != nil {
		return fmt.Errorf("change the home of a slot: %w", err)
	}
	if n == 0 {
		return parking.Errorf(parking.NotFound, "This site has no slot %s.", shown(slot))
	}
	return nil
}

// move asks the home of a slot to give it up for good, or moves it when nobody
// is there to be asked.
func (s *Service) move(ctx context.Context, t *store.SiteTx, code string) error {
	before, err := s.rights(ctx, t.Q, t.Site, []string{code})
	if err != nil {
		return err
	}
	r, ok := before[code]
	if !ok || r.wanted == "" {
		return nil
	}
	incarnation, err := t.Q.Incarnation(ctx)
	if err != nil {
		return fmt.Errorf("read the incarnation: %w", err)
	}
	absent, err := t.Q.HoldGateEnrolment(ctx, cloudsql.HoldGateEnrolmentParams{SiteID: t.Site, Codes: []string{r.Home}})
	if err != nil {
		return fmt.Errorf("look after a gate: %w", err)
	}
	after := maps.Clone(before)
	switch {
	case len(absent) > 0 && !r.Loan.Open():
		r.Right = parking.Right{Home: r.wanted, Loan: parking.Loan{N: r.Loan.N + 1}}
	case r.Loan.Open() || r.heard:
		r.Right = r.Wanted(incarnation, code, r.wanted, "", true)
	}
	after[code] = r
	return s.write(ctx, t, before, after)
}
