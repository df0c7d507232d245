package localapi

import (
	"net/http"

	"github.com/google/uuid"
)

type discountRequest struct {
	Subject  uuid.UUID `json:"subject"`  // "" takes the vehicle that stands there
	Discount string    `json:"discount"` // its code; "" takes the discount back
	Actor    string    `json:"actor"`
}

// discount gives the vehicle at an exit a discount of its tariff. Who may give
// which, and how many a day, is the site's to say.
func (a *api) discount(w http.ResponseWriter, r *http.Request) {
	var req discountRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	code := laneOf(r)
	ctx, err := acting(r, req.Actor)
	if err == nil {
		err = printable("discount", req.Discount)
	}
	if err == nil {
		req.Subject, err = a.standing(code, req.Subject)
	}
	if err == nil {
		err = a.desk.Discount(ctx, code, req.Subject, req.Discount)
	}
	a.answerLane(w, r, err)
}
