package settle

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// SecondCount is what an administrator found in a drawer after its guard.
type SecondCount struct {
	Shift  uuid.UUID
	Sum    parking.Money
	Cards  *int // nil: not counted
	Reason string
}

// CountAgain writes an administrator's count of a drawer beside its guard's: a
// fact of the cloud (shift_closed), which ends a shift that nobody has handed
// over. The newest second count holds; the guard's stays. Errors: NotFound for a
// shift that no fact tells of, Invalid for a count that cannot be.
func (s *Settler) CountAgain(ctx context.Context, p auth.Principal, c SecondCount) error {
	c.Reason = strings.TrimSpace(c.Reason)
	switch {
	case c.Reason == "":
		return parking.Errorf(parking.Invalid, "Give a reason.")
	case len(c.Reason) > maxReason:
		return parking.Errorf(parking.Invalid, "The reason is too long; a sentence is enough.")
	case c.Sum < 0 || c.Sum > parking.MaxMoney:
		return parking.Errorf(parking.Invalid, "The sum %d is not possible.", c.Sum)
	}
	_, err := s.Ingest.Write(ctx, p.Site, p.Name, s.Now(), func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		was, err := shiftHeld(ctx, t, c.Shift)
		if err != nil {
			return nil, err
		}
		entry := auth.Entry{Action: "shift.counted_again", Subject: c.Shift.String(), After: map[string]any{"counted": c.Sum, "reason": c.Reason}}
		if before := was.Counted(); before != nil {
			entry.Before = map[string]any{"counted": before.Cash, "by": before.By}
		}
		if err := s.Auth.Audit(ctx, t.Q, p, entry); err != nil {
			return nil, err
		}
		return []ingest.Act{{Kind: parking.KindShiftClosed, Body: parking.ShiftClosed{
			Shift: c.Shift, Guard: was.Guard, Counted: c.Sum, Cards: c.Cards, Reason: c.Reason,
		}}}, nil
	})
	return err
}

// shiftHeld is a person's shift as the facts that are held tell it.
func shiftHeld(ctx context.Context, t *store.SiteTx, id uuid.UUID) (*parking.Shift, error) {
	raw, err := t.Q.ShiftFacts(ctx, cloudsql.ShiftFactsParams{SiteID: t.Site, Shifts: []uuid.UUID{id}})
	if err != nil {
		return nil, fmt.Errorf("read the facts of a shift: %w", err)
	}
	var told []parking.Told
	for _, encoded := range raw {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			return nil, fmt.Errorf("read a fact that was taken before: %w", err)
		}
		if body, err := parking.DecodeBody(f); err == nil {
			told = append(told, parking.Told{Fact: f, Says: body})
		}
	}
	s := parking.FoldShifts(told, func(string, time.Time) uuid.UUID { return uuid.Nil })[id]
	if s == nil || s.Guard == "" {
		return nil, parking.Errorf(parking.NotFound, "There is no such shift of a person at this site.")
	}
	return s, nil
}
