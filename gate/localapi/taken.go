package localapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Lanes takes over lanes of gates whose machine is dead, and gives them back.
type Lanes interface {
	TakeLanes(ctx context.Context, r lane.TakeRequest) (lane.TakenOver, error)
	GiveLanes(ctx context.Context, gate string, force bool) (lane.TakenOver, error)
}

// laneOf is the lane that a request's path names. One of another gate, N/1, is
// written N%2F1 there.
func laneOf(r *http.Request) string {
	name := chi.URLParam(r, "lane")
	if plain, err := url.PathUnescape(name); err == nil && r.URL.RawPath != "" {
		return plain
	}
	return name
}

type takeRequest struct {
	Lanes   []string         `json:"lanes"`   // "1" or "N/1"; none: all
	Devices lane.DeviceSpecs `json:"devices"` // by lane: "N/1", "N/1/face"
	Force   bool             `json:"force"`
	Actor   string           `json:"actor"`
}

// take makes this gate run lanes of another: PUT /v1/taken/{gate}.
func (a *api) take(w http.ResponseWriter, r *http.Request) {
	var req takeRequest
	err := decode(w, r, &req)
	var ctx context.Context
	if err == nil {
		ctx, err = acting(r, req.Actor)
	}
	a.answerTaken(w, r, err, func() (lane.TakenOver, error) {
		return a.others.TakeLanes(ctx, lane.TakeRequest{Gate: chi.URLParam(r, "gate"), Lanes: req.Lanes, Devices: req.Devices, Force: req.Force})
	})
}

// giveBack ends that: DELETE /v1/taken/{gate}?actor=…&force=1.
func (a *api) giveBack(w http.ResponseWriter, r *http.Request) {
	ctx, err := acting(r, r.URL.Query().Get("actor"))
	a.answerTaken(w, r, err, func() (lane.TakenOver, error) {
		return a.others.GiveLanes(ctx, chi.URLParam(r, "gate"), r.URL.Query().Get("force") != "")
	})
}

func (a *api) answerTaken(w http.ResponseWriter, r *http.Request, err error, do func() (lane.TakenOver, error)) {
	if err == nil && a.others == nil {
		err = parking.Errorf(parking.Unavailable, "This program runs no lanes of other gates.")
	}
	var done lane.TakenOver
	if err == nil {
		done, err = do()
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, done)
}
