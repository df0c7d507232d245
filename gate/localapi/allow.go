package localapi

import (
	"net/http"

	"github.com/google/uuid"
)

type allowRequest struct {
	Subject uuid.UUID `json:"subject"` // "" takes the vehicle that stands there
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor"`
}

// allow takes the reason why the vehicle at a lane may go through although it is
// on the block list, or its card is no good by the site's list. What lets it
// through comes after it.
func (a *api) allow(w http.ResponseWriter, r *http.Request) {
	var req allowRequest
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
		err = a.desk.Allow(ctx, code, req.Subject, req.Reason)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.lane(w, r)
}
