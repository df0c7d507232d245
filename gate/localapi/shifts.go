package localapi

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Drawers of people at this gate, and money that is given back from them
// (docs/SHIFTS.md). What is expected in a drawer is told only of one that was
// counted.

type shiftsAnswer struct {
	Open []lane.ShiftView `json:"open"`
}

func (a *api) shifts(w http.ResponseWriter, _ *http.Request) {
	a.answer(w, shiftsAnswer{Open: a.desk.Shifts()})
}

type openShiftRequest struct {
	ID    uuid.UUID      `json:"id"`    // of the shift; sent again it is the same
	Float *parking.Money `json:"float"` // absent: not counted
	Actor string         `json:"actor"` // whose drawer it is
}

func (a *api) openShift(w http.ResponseWriter, r *http.Request) {
	var req openShiftRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	var opened lane.ShiftView
	if err == nil {
		opened, err = a.desk.OpenShift(ctx, lane.ShiftOpening{ID: req.ID, Float: req.Float})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, opened)
}

// shift is a shift that was handed over; one that is open is a conflict.
func (a *api) shift(w http.ResponseWriter, r *http.Request) {
	id, err := shiftOf(r)
	ctx, actorErr := acting(r, "")
	if err == nil {
		err = actorErr
	}
	var done lane.ShiftDone
	if err == nil {
		done, err = a.desk.HandedOver(ctx, id)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, done)
}

type closeShiftRequest struct {
	Counted *parking.Money      `json:"counted"` // or
	Notes   []parking.NoteCount `json:"notes"`
	Cards   *int                `json:"cards"` // absent: not counted
	Actor   string              `json:"actor"`
}

// sum is what was counted, as a sum or by notes.
func (c *closeShiftRequest) sum() (parking.Money, error) {
	switch {
	case c.Counted != nil:
		return *c.Counted, nil
	case len(c.Notes) > 0:
		return parking.SumNotes(c.Notes), nil
	}
	return 0, parking.Errorf(parking.Invalid, "Give what was counted: a sum (counted), or how many notes of each value (notes).")
}

func (a *api) closeShift(w http.ResponseWriter, r *http.Request) {
	var req closeShiftRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	id, err := shiftOf(r)
	ctx, actorErr := acting(r, req.Actor)
	if err == nil {
		err = actorErr
	}
	var sum parking.Money
	if err == nil {
		sum, err = req.sum()
	}
	var done lane.ShiftDone
	if err == nil {
		done, err = a.desk.CloseShift(ctx, lane.ShiftCounted{Shift: id, Sum: sum, Notes: req.Notes, Cards: req.Cards})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, done)
}

func shiftOf(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "shift"))
	if err != nil || id == uuid.Nil {
		return uuid.Nil, parking.Errorf(parking.Invalid, "%q is no shift.", cut(chi.URLParam(r, "shift")))
	}
	return id, nil
}

type refundRequest struct {
	ID      uuid.UUID     `json:"id"` // of the request: sent again it gives nothing more
	Stay    uuid.UUID     `json:"stay"`
	Payment uuid.UUID     `json:"payment"`
	Amount  parking.Money `json:"amount"` // 0: all that is left
	Reason  string        `json:"reason"`
	Actor   string        `json:"actor"` // from whose drawer
}

func (a *api) refund(w http.ResponseWriter, r *http.Request) {
	var req refundRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	if err == nil {
		err = printable("reason", req.Reason)
	}
	var done lane.Refunded
	if err == nil {
		done, err = a.desk.GiveBack(ctx, lane.Refund{
			ID: req.ID, Stay: req.Stay, Payment: req.Payment, Amount: req.Amount, Reason: req.Reason,
		})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, done)
}
