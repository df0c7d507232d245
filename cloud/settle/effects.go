package settle

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// effects make the facts of the ways that do something.
var effects = map[How]func(context.Context, *matter) ([]ingest.Act, error){
	Place:       place,
	Swap:        swap,
	CloseMissed: closeMissed,
	Correct:     correct,
	BlockPlate:  blockPlate,
	BlockToken:  blockToken,
	Match:       match,
	Refund:      refund,
	Discard:     discard,
}

// closeMissed voids the older of two stays of one plate: the vehicle has left
// and nobody saw it. Only a gate tells of an exit; what the cloud says is that
// this stay is over and claims nothing any more.
func closeMissed(_ context.Context, c *matter) ([]ingest.Act, error) {
	older, err := c.stay(0)
	if err != nil {
		return nil, err
	}
	if older.State != parking.Inside {
		return nil, parking.Errorf(parking.Conflict, "The older stay is not inside any more: it has an exit of its own. Correct a plate, or accept.")
	}
	return []ingest.Act{{Kind: parking.KindStayVoided, Body: parking.StayVoided{Stay: older.ID, Reason: "missed exit: " + c.d.Reason}}}, nil
}

func correct(_ context.Context, c *matter) ([]ingest.Act, error) {
	stay, err := c.oneOf()
	if err != nil {
		return nil, err
	}
	plate, err := parking.ParsePlate(c.d.Plate)
	if err != nil {
		return nil, err
	}
	if plate == stay.Plate {
		return nil, parking.Errorf(parking.Invalid, "This is the plate that the stay has already.")
	}
	return []ingest.Act{{Kind: parking.KindPlateCorrected, Body: parking.PlateCorrected{
		Stay: stay.ID, Plate: plate, Display: plate.Display(), Was: stay.Plate, Reason: c.d.Reason,
	}}}, nil
}

func blockPlate(_ context.Context, c *matter) ([]ingest.Act, error) {
	stay, err := c.stay(0)
	if err != nil {
		return nil, err
	}
	return []ingest.Act{{Kind: parking.KindBlock, Body: parking.BlockVersion{
		Plate: stay.Plate, Blocked: true, Note: c.d.Reason, From: parking.BusinessTime(c.at),
	}}}, nil
}

// blockToken blocks a card or ticket that one of the stays holds.
func blockToken(ctx context.Context, c *matter) ([]ingest.Act, error) {
	held := false
	for _, s := range c.stays {
		held = held || s.Token != "" && s.Token == c.d.Token
	}
	if !held {
		return nil, parking.Errorf(parking.Invalid, "Choose a card or ticket of one of the stays of this conflict.")
	}
	kind, err := c.t.Q.TokenKind(ctx, cloudsql.TokenKindParams{SiteID: c.t.Site, Number: c.d.Token})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		kind = "card" // one that nobody has registered: tickets are used once and need no block
	case err != nil:
		return nil, fmt.Errorf("read a card: %w", err)
	}
	return []ingest.Act{{Kind: parking.KindToken, Body: parking.TokenVersion{
		Token: c.d.Token, Type: kind, State: "blocked", From: parking.BusinessTime(c.at),
	}}}, nil
}

// match says whose exit this is. What it is matched with must be able to have
// an exit: docs/STATE.md §3 would pass over any other.
func match(ctx context.Context, c *matter) ([]ingest.Act, error) {
	exit, err := c.stay(0)
	if err != nil {
		return nil, err
	}
	stays, err := c.readStays(ctx, []uuid.UUID{c.d.Stay})
	if err != nil {
		return nil, err
	}
	target := stays[c.d.Stay]
	switch {
	case target == nil || target.ID == exit.ID || target.InAt == nil:
		return nil, parking.Errorf(parking.Invalid, "Choose the stay to which this exit belongs.")
	case target.State != parking.Inside:
		return nil, parking.Errorf(parking.Conflict, "That stay is not inside any more. Choose another, or keep the exit as it is.")
	case exit.OutAt == nil || target.InAt.After(*exit.OutAt):
		return nil, parking.Errorf(parking.Invalid, "That stay came in after this exit.")
	}
	return []ingest.Act{{Kind: parking.KindExitMatched, Body: parking.ExitMatched{Stay: target.ID, Exit: exit.ID, Reason: c.d.Reason}}}, nil
}

// refund notes money that was given back of one payment of the stays.
func refund(_ context.Context, c *matter) ([]ingest.Act, error) {
	for _, s := range c.stays {
		for i := range s.Payments {
			p := &s.Payments[i]
			if p.ID != c.d.Payment {
				continue
			}
			switch left := Refundable(p); {
			case left <= 0:
				return nil, parking.Errorf(parking.Conflict, "Nothing is left of this payment to give back.")
			case c.d.Amount <= 0 || c.d.Amount > left:
				return nil, parking.Errorf(parking.Invalid, "Give back more than nothing and at most %s.", left.Format(p.Currency, "en"))
			}
			return []ingest.Act{{Kind: parking.KindRefunded, Body: parking.RefundMade{
				Stay: s.ID, Payment: p.ID, Amount: c.d.Amount, Currency: p.Currency, Reason: c.d.Reason,
			}}}, nil
		}
	}
	return nil, parking.Errorf(parking.Invalid, "Choose the payment of which money was given back.")
}

// Refundable is what is left of a payment.
func Refundable(p *parking.Payment) parking.Money {
	if p.PaidAt == nil {
		return 0
	}
	return p.Left()
}
