package passes

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// Message is what guards shall read, as an administrator writes it.
type Message struct {
	// ID is made by who sends it: the same sent again is one message.
	ID    uuid.UUID  `json:"id"`
	Gates []string   `json:"gates,omitempty"` // none: all of the site
	Text  string     `json:"text"`
	Until *time.Time `json:"until,omitempty"` // it is shown no longer than that
}

func (in *Message) version(p auth.Principal, now time.Time) (*parking.MessageVersion, error) {
	v := &parking.MessageVersion{
		Message: in.ID, Text: strings.TrimSpace(strings.ReplaceAll(in.Text, "\r\n", "\n")), By: p.Name,
		Gates: slices.Compact(slices.Sorted(slices.Values(in.Gates))), From: parking.BusinessTime(now),
	}
	if in.ID == uuid.Nil {
		return nil, parking.Errorf(parking.Invalid, "The message has no id.")
	}
	if in.Until != nil {
		until := parking.BusinessTime(*in.Until)
		v.Until = &until
		if !until.After(now) {
			return nil, parking.Errorf(parking.Invalid, "The end of this message has passed already.")
		}
	}
	return v, parking.ValidMessage(v.Text)
}

// Tell writes a message to the guards of some gates, or of all.
func (k *Keeper) Tell(ctx context.Context, p auth.Principal, in Message) error {
	now := k.Now()
	v, err := in.version(p, now)
	if err != nil {
		return err
	}
	_, err = k.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		was, _, err := newest[parking.MessageVersion](ctx, t, parking.KindMessage, v.Message.String())
		switch {
		case err != nil:
			return nil, err
		case was != nil && sameMessage(was, v):
			return nil, nil
		case was != nil:
			return nil, parking.Errorf(parking.Conflict, "This message was sent already. Reload the page for another one.")
		}
		if err := gatesExist(ctx, t, v.Gates); err != nil {
			return nil, err
		}
		err = k.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "message.sent", Subject: v.Message.String(), After: v})
		if err != nil {
			return nil, err
		}
		return []ingest.Act{{Kind: parking.KindMessage, Body: v}}, nil
	})
	return err
}

// Withdraw takes a message from the consoles where nobody has read it yet. That
// it was written stays, and who has read it.
func (k *Keeper) Withdraw(ctx context.Context, p auth.Principal, id uuid.UUID) error {
	now := k.Now()
	_, err := k.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		was, _, err := newest[parking.MessageVersion](ctx, t, parking.KindMessage, id.String())
		switch {
		case err != nil:
			return nil, err
		case was == nil:
			return nil, parking.Errorf(parking.NotFound, "There is no such message.")
		case was.Withdrawn:
			return nil, nil
		}
		v := *was
		v.Withdrawn, v.From = true, parking.BusinessTime(now)
		err = k.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "message.withdrawn", Subject: id.String(), Before: was, After: &v})
		if err != nil {
			return nil, err
		}
		return []ingest.Act{{Kind: parking.KindMessage, Body: &v}}, nil
	})
	return err
}

func gatesExist(ctx context.Context, t *store.SiteTx, codes []string) error {
	if len(codes) == 0 {
		return nil
	}
	g, err := groundOf(ctx, t)
	if err != nil {
		return err
	}
	for _, code := range codes {
		if !slices.ContainsFunc(g.config.Gates, func(g parking.Gate) bool { return g.Code == code }) {
			return parking.Errorf(parking.Invalid, "This site has no gate %q.", code)
		}
	}
	return nil
}

func sameMessage(was, v *parking.MessageVersion) bool {
	sameEnd := was.Until == nil && v.Until == nil || was.Until != nil && v.Until != nil && was.Until.Equal(*v.Until)
	return sameEnd && !was.Withdrawn && was.Text == v.Text && slices.Equal(was.Gates, v.Gates)
}
