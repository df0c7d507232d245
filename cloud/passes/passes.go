// Package passes is what people keep of passes, cards, the block list and
// messages to the guards: each change is a version, a fact of the cloud's own
// that is written under the site's lock together with its line of the audit log
// (docs/PASSES.md). Asking for what holds already writes nothing, so that what
// comes twice is done once.
package passes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Keeper writes what people decide about passes, cards and plates.
type Keeper struct {
	Store  *store.Store
	Ingest *ingest.Ingester
	Auth   *auth.Service
	Now    func() time.Time
}

// Pass is a pass as people write it.
type Pass struct {
	Code   string        `json:"code"`
	Plates []string      `json:"plates"` // vehicles that share its places, as typed
	Class  parking.Class `json:"class,omitempty"`
	Zone   string        `json:"zone,omitempty"`
	Places int           `json:"places"`
	From   string        `json:"from"`  // its first day at the site, 2027-01-01
	Until  string        `json:"until"` // its last day
	// Suspended passes cover nobody who comes in.
	Suspended bool   `json:"suspended,omitempty"`
	Holder    Holder `json:"holder,omitzero"`
	// Seen is the version that the person looked at, zero for a new pass. A pass
	// that is another by now is refused, unless it is as asked for already.
	Seen uuid.UUID `json:"seen,omitzero"`
}

// Holder is whose a pass is: no fact, and not told to gates.
type Holder struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Note  string `json:"note,omitempty"`
}

// Bounds of what is typed about a holder, in letters.
const (
	maxName  = 100
	maxPhone = 40
	maxNote  = 300
)

func (h *Holder) check() error {
	for _, f := range []struct {
		text *string
		most int
	}{{&h.Name, maxName}, {&h.Phone, maxPhone}, {&h.Note, maxNote}} {
		*f.text = strings.TrimSpace(*f.text)
		if utf8.RuneCountInString(*f.text) > f.most || !utf8.ValidString(*f.text) || strings.ContainsFunc(*f.text, isControl) {
			return parking.Errorf(parking.Invalid, "A name has at most %d letters, a phone number %d and a note %d, in one line.", maxName, maxPhone, maxNote)
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// PutPass writes a pass as it shall be from now on.
func (k *Keeper) PutPass(ctx context.Context, p auth.Principal, in Pass) error {
	now := k.Now()
	_, err := k.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		g, err := groundOf(ctx, t)
		if err != nil {
			return nil, err
		}
		v, err := g.version(&in, now)
		if err != nil {
			return nil, err
		}
		return k.putPass(ctx, t, p, &in, v)
	})
	return err
}

func (k *Keeper) putPass(ctx context.Context, t *store.SiteTx, p auth.Principal, in *Pass, v *parking.PassVersion) ([]ingest.Act, error) {
	was, seen, err := newest[parking.PassVersion](ctx, t, parking.KindPass, v.Pass)
	if err != nil {
		return nil, err
	}
	held, err := t.Q.PassHolder(ctx, cloudsql.PassHolderParams{SiteID: t.Site, Pass: v.Pass})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read whose a pass is: %w", err)
	}
	sameHolder := Holder(held) == in.Holder
	switch same := was != nil && samePass(was, v); {
	case same && sameHolder:
		return nil, nil
	case was != nil && in.Seen == uuid.Nil:
		return nil, parking.Errorf(parking.Conflict, "There is a pass %s already. Open it to change it, or choose another code.", v.Pass)
	case was != nil && in.Seen != seen, was == nil && in.Seen != uuid.Nil:
		return nil, parking.Errorf(parking.Conflict, "Somebody has changed this pass since you looked at it. Nothing was written. Look again.")
	case same:
		return nil, k.putHolder(ctx, t, p, in)
	}
	if !sameHolder {
		if err := k.putHolder(ctx, t, p, in); err != nil {
			return nil, err
		}
	}
	if err := k.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "pass.written", Subject: v.Pass, Before: was, After: v}); err != nil {
		return nil, err
	}
	return []ingest.Act{{Kind: parking.KindPass, Body: v}}, nil
}

// putHolder writes whose a pass is. The audit log says that it was changed, and
// not to what: it cannot forget.
func (k *Keeper) putHolder(ctx context.Context, t *store.SiteTx, p auth.Principal, in *Pass) error {
	err := t.Q.PutPassHolder(ctx, cloudsql.PutPassHolderParams{
		TenantID: t.Tenant, SiteID: t.Site, Pass: in.Code, Name: in.Holder.Name, Phone: in.Holder.Phone, Note: in.Holder.Note,
	})
	if err != nil {
		return fmt.Errorf("write whose a pass is: %w", err)
	}
	return k.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "pass.holder_written", Subject: in.Code})
}

func samePass(a, b *parking.PassVersion) bool {
	return slices.Equal(a.Plates, b.Plates) && a.Class == b.Class && a.Zone == b.Zone && a.Places == b.Places &&
		a.Begins.Equal(b.Begins) && a.Ends.Equal(b.Ends) && a.Suspended == b.Suspended
}

// newest is the version of a key that was written last, nil for none, and its
// fact.
func newest[T any](ctx context.Context, t *store.SiteTx, kind parking.Kind, key string) (*T, uuid.UUID, error) {
	row, err := t.Q.NewestVersion(ctx, cloudsql.NewestVersionParams{SiteID: t.Site, Kind: string(kind), Key: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, uuid.Nil, nil
	}
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("read what holds for a %s: %w", kind, err)
	}
	body, err := store.Decode[T](row.Document)
	if err != nil {
		return nil, uuid.Nil, err
	}
	return &body, row.FactID, nil
}
