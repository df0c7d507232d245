package settle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// SetSlot takes a slot out of service from now on, or back into it: a fact,
// so that a stay which claims the slot is judged by what held at its time. A
// vehicle that stands there stays where it is. The slot as it is afterwards is
// returned; one that is so already stays so.
func (s *Settler) SetSlot(ctx context.Context, p auth.Principal, code string, out bool, reason string) (parking.Slot, error) {
	reason = strings.TrimSpace(reason)
	if err := parking.ValidCode("slot", code); err != nil {
		return parking.Slot{}, err
	}
	if len(reason) > maxReason {
		return parking.Slot{}, parking.Errorf(parking.Invalid, "The reason is too long; a sentence is enough.")
	}
	now := s.Now()
	_, err := s.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		was, err := outOfService(ctx, t, code)
		if err != nil || was == out {
			return nil, err
		}
		err = s.Auth.Audit(ctx, t.Q, p, auth.Entry{
			Action: "slot.out_of_service", Subject: code,
			Before: map[string]any{"out_of_service": was}, After: map[string]any{"out_of_service": out, "reason": reason},
		})
		if err != nil {
			return nil, err
		}
		return []ingest.Act{{Kind: parking.KindSlot, Body: parking.SlotVersion{
			Slot: code, OutOfService: out, Reason: reason, From: parking.BusinessTime(now),
		}}}, nil
	})
	if err != nil {
		return parking.Slot{}, err
	}
	slots, err := store.Slots(ctx, s.Store.Q, p.Site, code)
	if err != nil {
		return parking.Slot{}, err
	}
	if len(slots) == 0 {
		return parking.Slot{}, noSlot(code)
	}
	return slots[0], nil
}

func outOfService(ctx context.Context, t *store.SiteTx, code string) (bool, error) {
	out, err := t.Q.SlotOutOfService(ctx, cloudsql.SlotOutOfServiceParams{SiteID: t.Site, Code: code})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, noSlot(code)
	}
	if err != nil {
		return false, fmt.Errorf("read a slot: %w", err)
	}
	return out, nil
}

func noSlot(code string) error {
	return parking.Errorf(parking.NotFound, "This site has no slot %s.", code)
}
