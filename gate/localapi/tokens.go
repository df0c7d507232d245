package localapi

import (
	"net/http"

	"github.com/google/uuid"

	"gatehouse/parking"
)

type tapRequest struct {
	Token string `json:"token"` // of a card, or a ticket's text or number
}

// tap says that a card or ticket was presented at a lane. The answer tells
// whose vehicle it is; what becomes of that one is in the lane.
func (a *api) tap(w http.ResponseWriter, r *http.Request) {
	var req tapRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	tapped, err := a.desk.Tap(r.Context(), laneOf(r), req.Token)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, tapped)
}

type tokenLostRequest struct {
	Subject uuid.UUID `json:"subject"` // the vehicle at the lane; "" takes the one that stands there
	Stay    uuid.UUID `json:"stay"`    // whose card it was; "" takes the one that is certain
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor"`
}

func (a *api) tokenLost(w http.ResponseWriter, r *http.Request) {
	var req tokenLostRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	code := laneOf(r)
	ctx, err := acting(r, req.Actor)
	if err == nil {
		err = printable("reason", req.Reason)
	}
	if err == nil {
		req.Subject, err = a.standing(code, req.Subject)
	}
	if err == nil {
		err = a.desk.LoseToken(ctx, code, req.Subject, req.Stay, req.Reason)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.lane(w, r)
}

type printRequest struct {
	Subject uuid.UUID `json:"subject"` // "" takes the vehicle that stands there
	Actor   string    `json:"actor"`
}

// printTicket prints the ticket of the vehicle that was let in once more.
func (a *api) printTicket(w http.ResponseWriter, r *http.Request) {
	var req printRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	code := laneOf(r)
	ctx, err := acting(r, req.Actor)
	if err == nil {
		req.Subject, err = a.standing(code, req.Subject)
	}
	if err == nil {
		err = a.desk.PrintTicket(ctx, code, req.Subject)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.lane(w, r)
}

// standing is the vehicle that a request names, or else the one at the lane.
func (a *api) standing(code string, subject uuid.UUID) (uuid.UUID, error) {
	l, err := a.one(code)
	switch {
	case err != nil || subject != uuid.Nil:
		return subject, err
	case l.Subject == nil:
		return uuid.Nil, parking.Errorf(parking.NotFound, "There is no vehicle at lane %s.", cut(code))
	}
	return l.Subject.ID, nil
}
