package localapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

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
		Troubles: v.Troubles, AsksTime: v.AsksTime, Neighbours: v.Neighbours, Taken: v.Taken, NearLoans: v.NearLoans,
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

func (a *api) picture(w http.ResponseWriter, r *http.Request) {
	picture, err := a.desk.Picture(r.Context(), laneOf(r))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", http.DetectContentType(picture))
	if _, err := w.Write(picture); err != nil { //nolint:gosec // a checked picture, sent as one and with nosniff
		a.log.Debug("a picture was not taken", "error", err)
	}
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

// events streams what happens at the site from now on, one server-sent event
// for each fact; a comment every 15 seconds keeps the line open. A caller that
// cannot follow misses what falls out of the view's history.
func (a *api) events(w http.ResponseWriter, r *http.Request) {
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		a.refuse(w, r, parking.Errorf(parking.Unavailable, "There are too many streams of events already."))
		return
	}
	changed, cancel := a.desk.Changed()
	defer cancel()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	seen := map[uuid.UUID]bool{}
	for _, e := range a.desk.View().Recent {
		seen[e.Fact] = true
	}
	if _, err := fmt.Fprint(w, ": events follow\n\n"); err != nil || control.Flush() != nil {
		return
	}
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case <-alive.C:
			_, err = fmt.Fprint(w, ": still here\n\n")
		case <-changed:
			seen, err = writeEvents(w, a.desk.View().Recent, seen)
		}
		if err != nil || control.Flush() != nil {
			return
		}
	}
}

// writeEvents writes those of recent (newest first) that were not seen yet,
// oldest first, and returns what is seen now.
func writeEvents(w http.ResponseWriter, recent []lane.Event, seen map[uuid.UUID]bool) (map[uuid.UUID]bool, error) {
	now := make(map[uuid.UUID]bool, len(recent))
	for i := len(recent) - 1; i >= 0; i-- {
		e := recent[i]
		now[e.Fact] = true
		if seen[e.Fact] {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return now, err
		}
		if _, err := fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", e.Fact, e.Kind, data); err != nil {
			return now, err
		}
	}
	return now, nil
}
