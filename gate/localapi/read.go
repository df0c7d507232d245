package localapi

import (
	"net/http"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

type statusAnswer struct {
	Version   string       `json:"version"`
	Now       time.Time    `json:"now"`
	Site      string       `json:"site"`
	Gate      parking.Gate `json:"gate"`
	Guard     *lane.Guard  `json:"guard,omitempty"`
	Link      lane.Link    `json:"link"`
	Vision    lane.Worker  `json:"vision"`
	Disk      lane.Worker  `json:"disk"`
	Conflicts int          `json:"conflicts"`
	Unplaced  int          `json:"unplaced"`
	Inside    int          `json:"inside"`
	// What stands wrong at the gate.
	Troubles   []lane.Trouble   `json:"troubles,omitempty"`
	AsksTime   bool             `json:"asks_time,omitempty"`
	Neighbours []lane.Neighbour `json:"neighbours,omitempty"`
	Taken      []lane.Taken     `json:"taken,omitempty"` // lanes of other gates that this one runs
	// Slots that are lent over the local network, of and to this gate.
	NearLoans []lane.NearLoan `json:"near_loans,omitempty"`
	// Discounts that who is signed in may give at an exit.
	Discounts []lane.DiscountView `json:"discounts,omitempty"`
}

func (a *api) status(w http.ResponseWriter, _ *http.Request) {
	v := a.desk.View()
	inside := 0
	for _, z := range v.Zones {
		for _, n := range z.Inside {
			inside += n
		}
	}
	a.answer(w, statusAnswer{
		Version: a.version, Now: v.Now, Site: v.SiteName, Gate: v.Gate, Guard: v.Guard, Link: v.Link,
		Vision: v.Vision, Disk: v.Disk, Conflicts: v.Conflicts, Unplaced: v.Unplaced, Inside: inside,
		Troubles: v.Troubles, AsksTime: v.AsksTime, Neighbours: v.Neighbours, Taken: v.Taken, NearLoans: v.NearLoans, Discounts: v.Discounts,
	})
}

func (a *api) slots(w http.ResponseWriter, _ *http.Request) {
	a.answer(w, a.desk.View().Zones)
}

func (a *api) suggestion(w http.ResponseWriter, r *http.Request) {
	s, err := a.desk.Suggest(parking.Class(r.URL.Query().Get("class")))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, s)
}

func (a *api) lanes(w http.ResponseWriter, _ *http.Request) {
	a.answer(w, a.desk.View().Lanes)
}

// one finds a lane in the newest view.
func (a *api) one(code string) (lane.LaneView, error) {
	for _, l := range a.desk.View().Lanes {
		if l.Lane.Code == code {
			return l, nil
		}
	}
	return lane.LaneView{}, parking.Errorf(parking.NotFound, "This gate has no lane %q.", cut(code))
}

func (a *api) lane(w http.ResponseWriter, r *http.Request) {
	l, err := a.one(laneOf(r))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, l)
}

// picture is one picture of a lane, by the camera of a role where one is named.
func (a *api) picture(w http.ResponseWriter, r *http.Request) {
	picture, err := a.desk.Picture(r.Context(), laneOf(r), roleOf(r))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", http.DetectContentType(picture))
	if _, err := w.Write(picture); err != nil { //nolint:gosec // a checked picture, sent as one and with nosniff
		a.log.Debug("a picture was not taken", "error", err)
	}
}

func roleOf(r *http.Request) parking.CameraRole {
	return parking.CameraRole(r.URL.Query().Get("role"))
}

func (a *api) stays(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("query")
	if len(query) > 100 {
		a.refuse(w, r, parking.Errorf(parking.TooLarge, "The query is too long; a part of a plate is enough."))
		return
	}
	stays := a.desk.Search(query)
	if stays == nil {
		stays = []parking.Stay{}
	}
	a.answer(w, stays)
}
