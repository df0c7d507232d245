package localapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

type passageRequest struct {
	ID     uuid.UUID `json:"id"` // of the report: sent again it is the same passage
	Source string    `json:"source"`
}

// passage takes in that a loop, a barrier's contact or a camera saw a vehicle
// go through.
func (a *api) passage(w http.ResponseWriter, r *http.Request) {
	var req passageRequest
	err := decode(w, r, &req)
	if err == nil {
		err = a.desk.Passage(r.Context(), laneOf(r), lane.PassageReport{ID: req.ID, Source: req.Source})
	}
	a.answerLane(w, r, err)
}

// actRequest is an act on one vehicle, or on a lane.
type actRequest struct {
	Subject   uuid.UUID         `json:"subject"`
	Direction parking.Direction `json:"direction"` // of a change of direction
	Reason    string            `json:"reason"`
	Actor     string            `json:"actor"`
}

func (a *api) backOut(w http.ResponseWriter, r *http.Request) {
	a.laneAct(w, r, func(ctx context.Context, code string, req actRequest) error {
		return a.desk.BackOut(ctx, code, req.Subject, req.Reason)
	})
}

func (a *api) aside(w http.ResponseWriter, r *http.Request) {
	a.laneAct(w, r, func(ctx context.Context, code string, req actRequest) error {
		return a.desk.MoveAside(ctx, code, req.Subject)
	})
}

func (a *api) recall(w http.ResponseWriter, r *http.Request) {
	a.laneAct(w, r, func(ctx context.Context, code string, req actRequest) error {
		return a.desk.Recall(ctx, code, req.Subject)
	})
}

func (a *api) direction(w http.ResponseWriter, r *http.Request) {
	a.laneAct(w, r, func(ctx context.Context, code string, req actRequest) error {
		return a.desk.ChangeDirection(ctx, code, req.Direction, req.Reason)
	})
}

func (a *api) laneAct(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, code string, req actRequest) error) {
	var req actRequest
	err := decode(w, r, &req)
	if err == nil {
		err = printable("reason", req.Reason)
	}
	var ctx context.Context
	if err == nil {
		ctx, err = acting(r, req.Actor)
	}
	if err == nil {
		err = do(ctx, laneOf(r), req)
	}
	a.answerLane(w, r, err)
}

// answerLane answers with the lane as it is now.
func (a *api) answerLane(w http.ResponseWriter, r *http.Request, err error) {
	var l lane.LaneView
	if err == nil {
		l, err = a.one(laneOf(r))
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, l)
}
