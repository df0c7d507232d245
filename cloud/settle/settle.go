// Package settle is what people do about conflicts and about what lies in
// quarantine. A decision is facts of the cloud's own, written under the site's
// lock: those that bring its effect (a stay placed elsewhere, an exit matched,
// money given back), then a conflict_settled that names every fact which the
// person saw. A fact that comes later opens the conflict again; one that came
// between looking and deciding refuses the decision, and nothing is written.
package settle

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/books"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Settler settles conflicts.
type Settler struct {
	Store  *store.Store
	Ingest *ingest.Ingester
	Auth   *auth.Service
	Now    func() time.Time
}

// Decision is what a person has decided, with what the decision needs.
type Decision struct {
	How    How    `json:"how"`
	Reason string `json:"reason,omitempty"`
	// Seen is books.Case.Seen of what the person looked at.
	Seen    string        `json:"seen"`
	Stay    uuid.UUID     `json:"stay,omitzero"`    // whose plate is corrected, or who the exit is matched with
	Slot    string        `json:"slot,omitempty"`   // where a stay is placed
	Zone    string        `json:"zone,omitempty"`   // the same, in a counted zone
	Plate   string        `json:"plate,omitempty"`  // as it should have been read, or which is blocked
	Token   string        `json:"token,omitempty"`  // that is blocked
	Payment uuid.UUID     `json:"payment,omitzero"` // of which money is given back
	Amount  parking.Money `json:"amount,omitempty"` // how much
}

// maxReason bounds a reason in bytes.
const maxReason = 500

func (d *Decision) check(kind string) error {
	d.Reason = strings.TrimSpace(d.Reason)
	switch {
	case !slices.Contains(Allowed(kind), d.How):
		return parking.Errorf(parking.Invalid, "A conflict of kind %s cannot be settled by %q.", kind, d.How)
	case len(d.Reason) > maxReason:
		return parking.Errorf(parking.Invalid, "The reason is too long; a sentence is enough.")
	case d.Reason == "" && d.How.NeedsReason():
		return parking.Errorf(parking.Invalid, "Give a reason.")
	}
	return nil
}

// changed refuses a decision on something that is not as the person saw it.
func changed() error {
	return parking.Errorf(parking.Conflict, "Something new has come about this conflict since you looked at it. Nothing was decided. Look again.")
}

// Settle decides on the conflict with this id (hex) in the name of p, an
// administrator of the site. The errors that a person can act on: NotFound,
// Invalid (the decision makes no sense), Conflict (new facts have come, the
// conflict is closed already, or the place is taken).
func (s *Settler) Settle(ctx context.Context, p auth.Principal, id string, d Decision) error {
	key, err := books.ConflictID(id)
	if err != nil {
		return err
	}
	at := s.Now()
	_, err = s.Ingest.Write(ctx, p.Site, p.Name, at, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		row, err := t.Q.ConflictByID(ctx, cloudsql.ConflictByIDParams{SiteID: p.Site, ID: key})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, parking.Errorf(parking.NotFound, "This site has no such conflict.")
		}
		if err != nil {
			return nil, fmt.Errorf("read a conflict: %w", err)
		}
		if row.State != books.ConflictOpen {
			return nil, parking.Errorf(parking.Conflict, "This conflict is %s already. Nothing was changed.", row.State)
		}
		if err := d.check(row.Kind); err != nil {
			return nil, err
		}
		c := &matter{ConflictByIDRow: row, t: t, d: &d, at: at}
		if err := c.look(ctx); err != nil {
			return nil, err
		}
		acts, err := c.acts(ctx)
		if err != nil {
			return nil, err
		}
		return acts, s.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "conflict.settled", Subject: id, After: audited(row.Kind, &d)})
	})
	return err
}

func audited(kind string, d *Decision) map[string]any {
	after := map[string]any{"kind": kind, "how": d.How}
	for name, value := range map[string]string{
		"reason": d.Reason, "slot": d.Slot, "zone": d.Zone, "plate": d.Plate, "token": d.Token,
	} {
		if value != "" {
			after[name] = value
		}
	}
	if d.Stay != uuid.Nil {
		after["stay"] = d.Stay
	}
	if d.Payment != uuid.Nil {
		after["payment"], after["amount"] = d.Payment, d.Amount
	}
	return after
}

// matter is a conflict that is being decided on, under the site's lock.
type matter struct {
	cloudsql.ConflictByIDRow
	t  *store.SiteTx
	d  *Decision
	at time.Time

	stays map[uuid.UUID]*parking.Stay // those of the conflict that have a row
	saw   []uuid.UUID
}

// look reads what the conflict is about as it stands now, and refuses when
// that is not what the person saw.
func (c *matter) look(ctx context.Context) error {
	var err error
	if c.stays, err = c.readStays(ctx, c.Stays); err != nil {
		return err
	}
	c.saw = slices.Clone(c.Facts)
	if len(c.Stays) > 0 {
		if c.saw, err = books.About(ctx, c.t.Q, c.t.Site, c.Stays); err != nil {
			return err
		}
	}
	if books.SeenHash(c.saw) != c.d.Seen {
		return changed()
	}
	return nil
}

func (c *matter) readStays(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*parking.Stay, error) {
	rows, err := c.t.Q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: c.t.Site, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("read the stays of a conflict: %w", err)
	}
	stays := make(map[uuid.UUID]*parking.Stay, len(rows))
	for _, row := range rows {
		s, err := store.Decode[parking.Stay](row.Document)
		if err != nil {
			return nil, err
		}
		stays[row.ID] = &s
	}
	return stays, nil
}

// acts are the facts of the decision: its effect, and the settlement that saw
// everything with it.
func (c *matter) acts(ctx context.Context) ([]ingest.Act, error) {
	var acts []ingest.Act
	if effect, ok := effects[c.d.How]; ok {
		var err error
		if acts, err = effect(ctx, c); err != nil {
			return nil, err
		}
	}
	saw := slices.Clone(c.saw)
	for i := range acts {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
		acts[i].ID = id
		if err := c.inTime(&acts[i]); err != nil {
			return nil, err
		}
		if parking.AboutStay(acts[i].Kind) {
			saw = append(saw, id)
		}
	}
	if len(saw) > parking.MaxSaw {
		return nil, parking.Errorf(parking.TooLarge, "This conflict is about more than %d records; one decision cannot name them all.", parking.MaxSaw)
	}
	return append(acts, ingest.Act{Kind: parking.KindConflictSettled, Body: parking.ConflictSettled{
		Conflict: hex.EncodeToString(c.ID), Kind: c.Kind, How: string(c.d.How), Reason: c.d.Reason, Saw: saw,
	}}), nil
}

// inTime refuses an act that would lie before what it is to change: a gate's
// clock ran ahead, and the fold goes by time (docs/STATE.md §2).
func (c *matter) inTime(a *ingest.Act) error {
	var of uuid.UUID
	switch b := a.Body.(type) {
	case parking.StayPlaced:
		of = b.Stay
	case parking.PlateCorrected:
		of = b.Stay
	default:
		return nil // in whatever order
	}
	s := c.stays[of]
	if s == nil {
		return nil
	}
	latest := c.at
	if s.InAt != nil && s.InAt.After(latest) {
		latest = *s.InAt
	}
	for _, m := range s.Moves {
		if m.At.After(latest) {
			latest = m.At
		}
	}
	if latest.After(c.at) {
		return parking.Errorf(parking.Conflict,
			"A record of this stay is dated later than now, because a clock at a gate ran ahead. This decision would change nothing before that time. Accept, or decide later.")
	}
	return nil
}

// stay is the n-th stay of the conflict.
func (c *matter) stay(n int) (*parking.Stay, error) {
	if n < len(c.Stays) {
		if s := c.stays[c.Stays[n]]; s != nil {
			return s, nil
		}
	}
	return nil, parking.Errorf(parking.Conflict, "The entry of this stay has not come yet; there is nothing to change. Wait for it, or accept.")
}

// oneOf is the stay that the decision names, which must be of the conflict.
func (c *matter) oneOf() (*parking.Stay, error) {
	if s := c.stays[c.d.Stay]; s != nil {
		return s, nil
	}
	return nil, parking.Errorf(parking.Invalid, "Choose one of the stays of this conflict.")
}
