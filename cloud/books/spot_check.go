package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Why a stay is looked at in a spot check.
const (
	SpotSample     = "sample"     // one of fifty exits, chosen by the stay's id
	SpotPick       = "pick"       // taken for another than the first of those offered
	SpotCorrection = "correction" // its plate or class was corrected by a person
	SpotVoid       = "void"       // voided
	SpotByHand     = "by_hand"    // a transfer for it was confirmed by hand
)

// Spot is a stay whose pictures are to be compared, and what somebody said.
type Spot struct {
	Stay    uuid.UUID
	Display string
	Class   parking.Class
	State   parking.StayState
	In, Out *time.Time
	Why     []string
	Verdict string // "" while nobody has looked
	By      string
	At      *time.Time
}

// MaxSpots bounds the list of a spot check.
const MaxSpots = 2000

// Spots lists the stays of a period whose pictures are to be compared: the
// same for everybody who asks, the oldest first.
func (b *Books) Spots(ctx context.Context, site Site, p Period) ([]Spot, error) {
	rows, err := b.q.SpotDue(ctx, cloudsql.SpotDueParams{Site: site.ID, FromAt: &p.FromAt, UntilAt: &p.UntilAt, Most: MaxSpots})
	if err != nil {
		return nil, fmt.Errorf("choose stays to look at: %w", err)
	}
	out := make([]Spot, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		out = append(out, Spot{
			Stay: r.ID, Display: r.Display, Class: parking.Class(r.Class), State: parking.StayState(r.State), In: r.InAt, Out: r.OutAt,
			Why: r.Why, Verdict: r.Verdict, By: r.CheckedBy, At: r.CheckedAt,
		})
	}
	return out, nil
}
