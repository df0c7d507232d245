package settle

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Item names one item of quarantine.
type Item struct {
	Gate   string `json:"gate"`
	Epoch  string `json:"epoch"`
	Seq    int64  `json:"seq"`
	SHA256 string `json:"sha256"` // hex
}

func (i Item) String() string { return fmt.Sprintf("%s %s %d", i.Gate, i.Epoch, i.Seq) }

// DiscardItem gives up an item of quarantine, with a reason: it stays kept, is
// not tried again, and its conflict is settled.
func (s *Settler) DiscardItem(ctx context.Context, p auth.Principal, item Item, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxReason {
		return parking.Errorf(parking.Invalid, "Give a reason, of a sentence.")
	}
	at := s.Now()
	_, err := s.Ingest.Write(ctx, p.Site, p.Name, at, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		if err := giveUp(ctx, t, item, reason, at); err != nil {
			return nil, err
		}
		err := s.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "quarantine.discarded", Subject: item.String(), After: map[string]any{"reason": reason}})
		if err != nil {
			return nil, err
		}
		return unreadable(ctx, t, item, reason)
	})
	return err
}

func giveUp(ctx context.Context, t *store.SiteTx, item Item, reason string, at time.Time) error {
	sum, err := hex.DecodeString(item.SHA256)
	if err != nil {
		return noItem()
	}
	_, err = t.Q.DiscardQuarantined(ctx, cloudsql.DiscardQuarantinedParams{
		SiteID: t.Site, Gate: item.Gate, Epoch: item.Epoch, Seq: item.Seq, Sha256: sum, SettledAt: at.UTC(), SettledHow: "discarded: " + reason,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return noItem()
	}
	if err != nil {
		return fmt.Errorf("give up an item of quarantine: %w", err)
	}
	return nil
}

func noItem() error {
	return parking.Errorf(parking.NotFound, "This does not lie in quarantine (any more).")
}

// discard gives up the item of an unreadable conflict.
func discard(ctx context.Context, c *matter) ([]ingest.Act, error) {
	if len(c.Facts) == 0 {
		return nil, noItem()
	}
	row, err := c.t.Q.QuarantinedItem(ctx, cloudsql.QuarantinedItemParams{SiteID: c.t.Site, ID: c.Facts[0]})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noItem()
	}
	if err != nil {
		return nil, fmt.Errorf("look for an item of quarantine: %w", err)
	}
	item := Item{Gate: row.Gate, Epoch: row.Epoch, Seq: row.Seq, SHA256: hex.EncodeToString(row.Sha256)}
	return nil, giveUp(ctx, c.t, item, c.d.Reason, c.at)
}

// unreadable settles the conflict of an item, if it has one that is open.
func unreadable(ctx context.Context, t *store.SiteTx, item Item, reason string) ([]ingest.Act, error) {
	id, err := t.Q.QuarantinedEvent(ctx, cloudsql.QuarantinedEventParams{SiteID: t.Site, Gate: item.Gate, Epoch: item.Epoch, Seq: item.Seq})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil // it came second to another fact of its seq and was not counted
	}
	if err != nil {
		return nil, fmt.Errorf("look up an item of quarantine: %w", err)
	}
	rows, err := t.Q.ConflictsOfFact(ctx, cloudsql.ConflictsOfFactParams{SiteID: t.Site, Kind: "unreadable", Fact: id})
	if err != nil {
		return nil, fmt.Errorf("look for the conflict of an item: %w", err)
	}
	var acts []ingest.Act
	for _, c := range rows {
		acts = append(acts, ingest.Act{Kind: parking.KindConflictSettled, Body: parking.ConflictSettled{
			Conflict: hex.EncodeToString(c.ID), Kind: c.Kind, How: string(Discard), Reason: reason, Saw: []uuid.UUID{id},
		}})
	}
	return acts, nil
}
