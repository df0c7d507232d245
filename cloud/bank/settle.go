package bank

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// actor is who a fact names that no person decided.
const actor = "bank"

// maxReason bounds a reason in bytes.
const maxReason = 500

// payment is one that a gate has asked for, or that was taken there.
type payment = cloudsql.PaymentsAskedForRow

// settle decides on one notice under its site's lock: a fact and the notice's
// new state are one transaction.
func (b *Bank) settle(ctx context.Context, site uuid.UUID, id int64) error {
	_, err := b.cfg.Ingest.Write(ctx, site, actor, b.cfg.Now(), func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		n, err := t.Q.NoticeForUpdate(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read a notice: %w", err)
		}
		if n.State != StateNew && n.Why != UnknownReference {
			return nil, nil // another replica was quicker
		}
		if n.CarriedBy != nil {
			return b.confirm(ctx, t, &n, *n.CarriedStay, *n.CarriedPayment, *n.CarriedReference, nil, "")
		}
		asked, err := t.Q.PaymentsAskedFor(ctx, cloudsql.PaymentsAskedForParams{SiteID: site, Refs: n.Refs})
		if err != nil {
			return nil, fmt.Errorf("read what was asked for: %w", err)
		}
		why, p, again := judge(&n, asked)
		if why != "" {
			review := cloudsql.ReviewNoticeParams{ID: id, Why: why}
			if p != nil {
				review.StayID, review.PaymentID = &p.StayID, &p.ID
			}
			return nil, t.Q.ReviewNotice(ctx, review)
		}
		if again { // another reference would say that two payments share one
			return b.confirm(ctx, t, &n, p.StayID, ownPayment(&n), "", nil, "")
		}
		return b.confirm(ctx, t, &n, p.StayID, p.ID, p.Reference, nil, "")
	})
	return err
}

// judge says why a notice needs a person, or which payment it is of; again
// when another transfer has paid that already.
func judge(n *cloudsql.BankNotice, asked []payment) (why string, p *payment, again bool) {
	if len(asked) == 0 {
		return UnknownReference, nil, false
	}
	p = &asked[0]
	switch {
	case len(asked) > 1:
		return ReferenceTwice, nil, false
	case p.BankAt != nil:
		return "", p, true
	case n.Amount < p.Amount:
		return TooLittle, p, false
	case n.Amount > p.Amount:
		return TooMuch, p, false
	case p.Status != "paid" && p.Status != "refunded" && gone(p.StayState):
		return AfterExit, p, false
	}
	return "", p, false
}

func gone(state *string) bool {
	return state != nil && (*state == string(parking.Left) || *state == string(parking.Voided))
}

// ownPayment is the id of the payment that a notice makes for itself: the same
// for the same notice.
func ownPayment(n *cloudsql.BankNotice) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("gatehouse bank notice\x00"+n.Provider+"\x00"+n.Transaction))
}

// confirm is the fact of a notice's money, and marks the notice settled.
func (b *Bank) confirm(ctx context.Context, t *store.SiteTx, n *cloudsql.BankNotice, stay, paid uuid.UUID, reference string, by *string, reason string) ([]ingest.Act, error) {
	row := cloudsql.SettleNoticeParams{ID: n.ID, StayID: stay, PaymentID: paid, DecidedBy: by, DecidedAt: b.cfg.Now().UTC()}
	if reason != "" {
		row.Reason = &reason
	}
	if err := t.Q.SettleNotice(ctx, row); err != nil {
		return nil, fmt.Errorf("settle a notice: %w", err)
	}
	body := parking.PaymentConfirmed{
		Stay: stay, Payment: paid, Method: parking.QR, Amount: parking.Money(n.Amount), Currency: t.Currency,
		Reference: reference, BankAt: n.ReceivedAt, Notice: n.Provider + ":" + n.Transaction,
	}
	if n.BankAt != nil {
		body.BankAt = *n.BankAt
	}
	if n.CarriedHeardAt != nil && paid == *n.CarriedPayment {
		body.HeardAt = n.CarriedHeardAt
	}
	return []ingest.Act{{Kind: parking.KindPaymentConfirmed, Body: body}}, nil
}

// Credit brings the money of a notice in review to a stay, as it came. p is an
// administrator of the site. Errors: NotFound for no such notice or stay,
// Conflict when it was decided already, Invalid for what is no money that came.
func (b *Bank) Credit(ctx context.Context, p auth.Principal, id int64, stay uuid.UUID, reason string) error {
	return b.decide(ctx, p, id, reason, func(ctx context.Context, t *store.SiteTx, n *cloudsql.BankNotice, reason string) ([]ingest.Act, error) {
		if !n.Incoming || n.Amount <= 0 {
			return nil, parking.Errorf(parking.Invalid, "This notice is of no money that came in; set it aside instead.")
		}
		rows, err := t.Q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: p.Site, Ids: []uuid.UUID{stay}})
		if err != nil {
			return nil, fmt.Errorf("read a stay: %w", err)
		}
		if len(rows) == 0 {
			return nil, parking.Errorf(parking.NotFound, "This site has no such stay.")
		}
		after := map[string]any{"stay": stay, "amount": n.Amount, "why": n.Why, "reason": reason}
		if err := b.cfg.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "bank.credited", Subject: strconv.FormatInt(n.ID, 10), After: after}); err != nil {
			return nil, err
		}
		return b.confirm(ctx, t, n, stay, ownPayment(n), "", &p.Name, reason)
	})
}

// SetAside closes a notice in review that is about no stay. Errors as Credit.
func (b *Bank) SetAside(ctx context.Context, p auth.Principal, id int64, reason string) error {
	return b.decide(ctx, p, id, reason, func(ctx context.Context, t *store.SiteTx, n *cloudsql.BankNotice, reason string) ([]ingest.Act, error) {
		err := t.Q.SetNoticeAside(ctx, cloudsql.SetNoticeAsideParams{ID: n.ID, DecidedBy: p.Name, DecidedAt: b.cfg.Now().UTC(), Reason: reason})
		if err != nil {
			return nil, fmt.Errorf("set a notice aside: %w", err)
		}
		after := map[string]any{"amount": n.Amount, "why": n.Why, "reason": reason}
		return nil, b.cfg.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "bank.set_aside", Subject: strconv.FormatInt(n.ID, 10), After: after})
	})
}

func (b *Bank) decide(
	ctx context.Context, p auth.Principal, id int64, reason string,
	do func(context.Context, *store.SiteTx, *cloudsql.BankNotice, string) ([]ingest.Act, error),
) error {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return parking.Errorf(parking.Invalid, "Give a reason.")
	case len(reason) > maxReason:
		return parking.Errorf(parking.Invalid, "The reason is too long; a sentence is enough.")
	}
	_, err := b.cfg.Ingest.Write(ctx, p.Site, p.Name, b.cfg.Now(), func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		n, err := t.Q.NoticeForUpdate(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && (n.SiteID == nil || *n.SiteID != p.Site) {
			return nil, parking.Errorf(parking.NotFound, "This site has no such notice.")
		}
		if err != nil {
			return nil, fmt.Errorf("read a notice: %w", err)
		}
		if n.State != StateReview {
			return nil, parking.Errorf(parking.Conflict, "This notice is %s already. Nothing was changed.", strings.ReplaceAll(n.State, "_", " "))
		}
		return do(ctx, t, &n, reason)
	})
	return err
}
