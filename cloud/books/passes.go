package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Pass is a pass as it is now.
type Pass struct {
	parking.PassVersion
	Seen              uuid.UUID // the version that says so
	Name, Phone, Note string    // of its holder
	Inside            int       // vehicles inside that came in on it
}

// State is what the pass is for one of its vehicles that came in now, whatever
// its class and zone.
func (p *Pass) State(at time.Time) parking.PassState {
	return p.Judge(at, "", p.Class, p.Zone, p.Inside)
}

// listPage is how many rows a page of passes, cards or vehicles has.
const listPage = 50

// PassFilter chooses passes: by code, by a plate that they name, or all.
type PassFilter struct {
	Code  string
	Plate parking.Plate
}

// Passes reads the passes of a site by code, those after one. next is after
// which the following page begins, "" when there is none.
func (b *Books) Passes(ctx context.Context, site uuid.UUID, at time.Time, f PassFilter, after string) (out []Pass, next string, err error) {
	rows, err := b.q.BookPasses(ctx, cloudsql.BookPassesParams{
		SiteID: site, After: after, Now: at, Code: f.Code, Plate: string(f.Plate), MaxRows: listPage + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("read the passes: %w", err)
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		next = rows[listPage-1].Key
	}
	for _, r := range rows {
		v, err := store.Decode[parking.PassVersion](r.Document)
		if err != nil {
			return nil, "", err
		}
		out = append(out, Pass{PassVersion: v, Seen: r.FactID, Name: r.Name, Phone: r.Phone, Note: r.Note, Inside: int(r.Inside)})
	}
	return out, next, nil
}

// Pass reads one pass; NotFound when the site has none of that code.
func (b *Books) Pass(ctx context.Context, site uuid.UUID, at time.Time, code string) (Pass, error) {
	found, _, err := b.Passes(ctx, site, at, PassFilter{Code: code}, "")
	if err != nil {
		return Pass{}, err
	}
	if len(found) == 0 {
		return Pass{}, parking.Errorf(parking.NotFound, "This site has no pass %s.", code)
	}
	return found[0], nil
}

// PassChange is what was written of a pass, and by whom.
type PassChange struct {
	parking.PassVersion
	By string
}

// passChanges is how many changes of a pass are shown.
const passChanges = 20

// PassChanges reads what was written of a pass, the newest first.
func (b *Books) PassChanges(ctx context.Context, site uuid.UUID, code string) ([]PassChange, error) {
	rows, err := b.q.BookPassVersions(ctx, cloudsql.BookPassVersionsParams{SiteID: site, Kind: string(parking.KindPass), Key: code, MaxRows: passChanges})
	if err != nil {
		return nil, fmt.Errorf("read what was written of a pass: %w", err)
	}
	out := make([]PassChange, 0, len(rows))
	for _, r := range rows {
		v, err := store.Decode[parking.PassVersion](r.Document)
		if err != nil {
			return nil, err
		}
		out = append(out, PassChange{PassVersion: v, By: r.Actor})
	}
	return out, nil
}

// Card is a card of the site's list.
type Card struct {
	Number  string    `json:"number"`
	State   string    `json:"state"`
	Stay    uuid.UUID `json:"stay,omitzero"` // inside with it
	Display string    `json:"plate,omitempty"`
}

// Cards reads the cards of a site by number, those after one, in a state or
// all.
func (b *Books) Cards(ctx context.Context, site uuid.UUID, state, after string) (out []Card, next string, err error) {
	rows, err := b.q.BookTokens(ctx, cloudsql.BookTokensParams{SiteID: site, State: state, After: after, MaxRows: listPage + 1})
	if err != nil {
		return nil, "", fmt.Errorf("read the cards: %w", err)
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		next = rows[listPage-1].Number
	}
	for _, r := range rows {
		out = append(out, Card{Number: r.Number, State: r.State, Stay: r.Stay, Display: r.Display})
	}
	return out, next, nil
}

// CardCounts counts the cards of a site by state.
func (b *Books) CardCounts(ctx context.Context, site uuid.UUID) (map[string]int64, error) {
	rows, err := b.q.BookTokenCounts(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("count the cards: %w", err)
	}
	out := map[string]int64{}
	for _, r := range rows {
		out[r.State] = r.N
	}
	return out, nil
}

// Vehicle is a plate that was here, or that somebody has listed.
type Vehicle struct {
	Plate   parking.Plate `json:"plate"`
	Display string        `json:"display"`
	Class   parking.Class `json:"class,omitempty"`
	First   *time.Time    `json:"first_at,omitempty"`
	Last    *time.Time    `json:"last_at,omitempty"`
	Blocked bool          `json:"blocked"`
	Note    string        `json:"note,omitempty"`
	Since   *time.Time    `json:"since,omitempty"` // it is listed so
}

// Listed reads the plates that are blocked or have a note, those after one.
func (b *Books) Listed(ctx context.Context, site uuid.UUID, after string) (out []Vehicle, next string, err error) {
	rows, err := b.q.BookListed(ctx, cloudsql.BookListedParams{SiteID: site, After: after, MaxRows: listPage + 1})
	if err != nil {
		return nil, "", fmt.Errorf("read the block list: %w", err)
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		next = rows[listPage-1].Key
	}
	for _, r := range rows {
		v, err := store.Decode[parking.BlockVersion](r.Document)
		if err != nil {
			return nil, "", err
		}
		out = append(out, Vehicle{Plate: v.Plate, Display: v.Plate.Display(), Blocked: v.Blocked, Note: v.Note, Since: &r.FromAt})
	}
	return out, next, nil
}

// Vehicles reads the vehicles that were here and whose plate begins with
// prefix, by plate, those after one.
func (b *Books) Vehicles(ctx context.Context, site uuid.UUID, prefix parking.Plate, after string) (out []Vehicle, next string, err error) {
	rows, err := b.q.BookVehicles(ctx, cloudsql.BookVehiclesParams{SiteID: site, Prefix: string(prefix), After: after, MaxRows: listPage + 1})
	if err != nil {
		return nil, "", fmt.Errorf("read the vehicles: %w", err)
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		next = rows[listPage-1].Plate
	}
	for _, r := range rows {
		out = append(out, Vehicle{
			Plate: parking.Plate(r.Plate), Display: r.Display, Class: parking.Class(r.Class), First: &r.FirstAt, Last: &r.LastAt,
			Blocked: r.Blocked, Note: r.Note,
		})
	}
	return out, next, nil
}
