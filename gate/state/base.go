package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// documentConfig is the name of the site's configuration in table site.
const documentConfig = "config"

// base is the cloud's state at feedSeq.
type base struct {
	ready       bool
	incarnation uuid.UUID
	feedSeq     int64
	covers      bool // it is known how far all gates' facts are in it
	config      wire.SiteConfig
	slots       map[string]parking.Slot
	stays       map[uuid.UUID]*parking.Stay // never written to, only replaced (put, drop)
	inside      map[uuid.UUID]*parking.Stay // those that are inside: few of a busy site's two days
	conflicts   map[string]wire.Conflict
	holds       map[string]Hold
	// claimants lists the stays that ever claimed a slot; some may not claim
	// it any more.
	claimants map[string][]uuid.UUID
}

func emptyBase() base {
	return base{
		slots: map[string]parking.Slot{}, stays: map[uuid.UUID]*parking.Stay{}, inside: map[uuid.UUID]*parking.Stay{},
		conflicts: map[string]wire.Conflict{}, holds: map[string]Hold{}, claimants: map[string][]uuid.UUID{},
	}
}

// put takes in a stay as it is now.
func (b *base) put(stay *parking.Stay) {
	b.stays[stay.ID] = stay
	if stay.State == parking.Inside {
		b.inside[stay.ID] = stay
	} else {
		delete(b.inside, stay.ID)
	}
}

// drop forgets a stay.
func (b *base) drop(id uuid.UUID) {
	delete(b.stays, id)
	delete(b.inside, id)
}

// claim notes which slots a stay ever claimed.
func (b *base) claim(stay *parking.Stay) {
	for _, m := range stay.Moves {
		if m.Slot != "" && !slices.Contains(b.claimants[m.Slot], stay.ID) {
			b.claimants[m.Slot] = append(b.claimants[m.Slot], stay.ID)
		}
	}
}

func loadBase(ctx context.Context, q *gatesql.Queries) (base, error) {
	b := emptyBase()
	if err := b.loadSite(ctx, q); err != nil {
		return b, err
	}
	stays, err := q.Stays(ctx)
	if err != nil {
		return b, diskError("read the stays", err)
	}
	for _, doc := range stays {
		stay := new(parking.Stay)
		if err := json.Unmarshal([]byte(doc), stay); err != nil {
			return b, fmt.Errorf("read a stay: %w", err)
		}
		b.put(stay)
		b.claim(stay)
	}
	slots, err := q.Slots(ctx)
	if err != nil {
		return b, diskError("read the slots", err)
	}
	for _, doc := range slots {
		var slot parking.Slot
		if err := json.Unmarshal([]byte(doc), &slot); err != nil {
			return b, fmt.Errorf("read a slot: %w", err)
		}
		b.slots[slot.Code] = slot
	}
	conflicts, err := q.Conflicts(ctx)
	if err != nil {
		return b, diskError("read the conflicts", err)
	}
	for _, doc := range conflicts {
		var c wire.Conflict
		if err := json.Unmarshal([]byte(doc), &c); err != nil {
			return b, fmt.Errorf("read a conflict: %w", err)
		}
		b.conflicts[c.ID] = c
	}
	return b, nil
}

// loadSite reads the configuration and how far the feed was applied.
func (b *base) loadSite(ctx context.Context, q *gatesql.Queries) error {
	doc, err := q.Site(ctx, documentConfig)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // the cloud was never heard
	}
	if err != nil {
		return diskError("read the site", err)
	}
	if err := json.Unmarshal([]byte(doc), &b.config); err != nil {
		return fmt.Errorf("read the site: %w", err)
	}
	seq, err := q.Setting(ctx, settingFeedSeq)
	if err != nil {
		return diskError("read the feed number", err)
	}
	if b.feedSeq, err = strconv.ParseInt(seq, 10, 64); err != nil {
		return fmt.Errorf("read the feed number: %w", err)
	}
	incarnation, err := q.Setting(ctx, settingIncarnation)
	if err != nil {
		return diskError("read the incarnation", err)
	}
	if b.incarnation, err = uuid.Parse(incarnation); err != nil {
		return fmt.Errorf("read the incarnation: %w", err)
	}
	covers, err := q.Setting(ctx, settingCovers)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return diskError("read whether what is covered is known", err)
	}
	b.ready, b.covers = true, covers != ""
	return nil
}
