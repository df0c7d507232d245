package passes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// States of a card.
const (
	Stock   = "stock"   // in the drawer, to be handed out at IN
	Issued  = "issued"  // in somebody's hands for good
	Blocked = "blocked" //
	Lost    = "lost"    //
)

// CardStates lists them.
func CardStates() []string { return []string{Stock, Issued, Blocked, Lost} }

// typeCard is what a card is in facts.
const typeCard = "card"

// maxReason bounds a reason in bytes.
const maxReason = 400

// cardNumber checks the number of a card as its reader gives it.
func cardNumber(text string) (string, error) {
	text = strings.TrimSpace(text)
	bad := func(r rune) bool { return r <= ' ' || r > '~' }
	if text == "" || len(text) > 64 || strings.ContainsFunc(text, bad) {
		return "", parking.Errorf(parking.Invalid, "The number of a card has 1 to 64 letters and digits, as its reader gives it.")
	}
	return text, nil
}

// SetCard says what a card is from now on: a new one comes into the list.
func (k *Keeper) SetCard(ctx context.Context, p auth.Principal, number, state, reason string) error {
	number, err := cardNumber(number)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case !slices.Contains(CardStates(), state):
		return parking.Errorf(parking.Invalid, "A card is one of %s.", strings.Join(CardStates(), ", "))
	case len(reason) > maxReason:
		return parking.Errorf(parking.Invalid, "The reason is too long; a sentence is enough.")
	case reason == "" && (state == Blocked || state == Lost):
		return parking.Errorf(parking.Invalid, "Give a reason.")
	}
	now := k.Now()
	_, err = k.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		states, err := cardStates(ctx, t, []string{number})
		if err != nil || states[number] == state {
			return nil, err
		}
		err = k.Auth.Audit(ctx, t.Q, p, auth.Entry{
			Action: "card.written", Subject: number,
			Before: map[string]any{"state": states[number]}, After: map[string]any{"state": state, "reason": reason},
		})
		if err != nil {
			return nil, err
		}
		return []ingest.Act{cardAct(number, state, now)}, nil
	})
	return err
}

func cardAct(number, state string, now time.Time) ingest.Act {
	return ingest.Act{Kind: parking.KindToken, Body: &parking.TokenVersion{
		Token: number, Type: typeCard, State: state, From: parking.BusinessTime(now),
	}}
}

// cardStates is what is written last of some cards.
func cardStates(ctx context.Context, t *store.SiteTx, numbers []string) (map[string]string, error) {
	rows, err := t.Q.NewestVersionsOf(ctx, cloudsql.NewestVersionsOfParams{SiteID: t.Site, Kind: string(parking.KindToken), Keys: numbers})
	if err != nil {
		return nil, fmt.Errorf("read what cards are: %w", err)
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		v, err := store.Decode[parking.TokenVersion](r.Document)
		if err != nil {
			return nil, err
		}
		out[r.Key] = v.State
	}
	return out, nil
}
