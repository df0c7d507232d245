package localapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// What is entered later: paper tickets, and what an inventory walk found.

type paperRequest struct {
	ID     uuid.UUID     `json:"id"`
	Lane   string        `json:"lane"`
	Number string        `json:"number"`
	Plate  string        `json:"plate"`
	Class  parking.Class `json:"class"`
	To     string        `json:"to"`
	In     string        `json:"in"`  // RFC 3339, or the site's local time: 2026-11-22 17:40
	Out    string        `json:"out"` // the same
	Paid   parking.Money `json:"paid"`
	Actor  string        `json:"actor"`
}

type paperAnswer struct {
	parking.Stay
	Tariff parking.Money `json:"fee_by_tariff"`
}

func (a *api) paper(w http.ResponseWriter, r *http.Request) {
	var req paperRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	if err == nil && req.Lane == "" {
		err = parking.Errorf(parking.Invalid, "Name the lane.")
	}
	ticket := lane.Paper{ID: req.ID, Lane: req.Lane, Number: req.Number, Plate: req.Plate, Class: req.Class, To: req.To, Paid: req.Paid}
	if err == nil {
		ticket.In, err = a.moment(req.In)
	}
	if err == nil {
		ticket.Out, err = a.moment(req.Out)
	}
	var done lane.PaperEntered
	if err == nil {
		done, err = a.desk.EnterPaper(ctx, ticket)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, paperAnswer{Stay: done.Stay, Tariff: done.Fee})
}

// moment reads a time as people write it, in the site's zone; nil for "".
func (a *api) moment(text string) (*time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return &at, nil
	}
	zone, err := time.LoadLocation(a.desk.View().Timezone)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The site's time zone is not known here; give the time with its zone: 2026-11-22T17:40:00+07:00.")
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return &at, nil
		}
	}
	return nil, parking.Errorf(parking.Invalid, "Write a time like 2026-11-22 17:40, not %q.", cut(text))
}

type walkAnswer struct {
	Walk      uuid.UUID      `json:"walk"`
	Known     int            `json:"known"`
	LetIn     []parking.Stay `json:"let_in"`
	Elsewhere []parking.Stay `json:"elsewhere"`
	Missing   []parking.Stay `json:"missing"`
}

// inventory takes the list of a walk as CSV: PUT /v1/inventories/{zone}/{walk}.
func (a *api) inventory(w http.ResponseWriter, r *http.Request) {
	walk, err := uuid.Parse(chi.URLParam(r, "walk"))
	if err != nil {
		err = parking.Errorf(parking.Invalid, "Name the walk by a UUID of your own.")
	}
	if err == nil {
		err = contentType(r, "text/csv")
	}
	var found []parking.FoundInventory
	if err == nil {
		found, err = lane.ReadWalk(r.Body)
	}
	ctx, actorErr := acting(r, r.URL.Query().Get("actor"))
	if err == nil {
		err = actorErr
	}
	var done lane.WalkDone
	if err == nil {
		done, err = a.desk.TakeInventory(ctx, lane.Walk{ID: walk, Zone: chi.URLParam(r, "zone"), Found: found})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, walkAnswer{Walk: done.Walk, Known: done.Known, LetIn: done.LetIn, Elsewhere: done.Elsewhere, Missing: done.Missing})
}
