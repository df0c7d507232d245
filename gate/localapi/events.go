package localapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// maxStreams bounds the streams of events at one time.
const maxStreams = 16

// aliveInterval is how often a stream of events says that it is still there.
const aliveInterval = 15 * time.Second

// events streams what happens at the site from now on, one server-sent event
// for each fact, or, where the caller names the last one that it has
// (Last-Event-ID), from there on. The gate keeps 200: what fell out of them
// meanwhile is said by one event "missed", after which the caller reads anew what
// it shows. A fact that another gate tells late, and that happened before the
// last event, comes in a stream that stands, and is not told again to one that
// comes back. A comment every 15 seconds keeps the line open.
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
	follow := follower{out: w}
	err := follow.begin(a.desk.History(), r.Header.Get("Last-Event-ID"))
	if err != nil || control.Flush() != nil {
		return
	}
	alive := time.NewTicker(aliveInterval)
	defer alive.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-alive.C:
			_, err = io.WriteString(w, ": still here\n\n")
		case <-changed:
			err = follow.write(a.desk.History())
		}
		if err != nil || control.Flush() != nil {
			return
		}
	}
}

// follower writes each fact of a history once.
type follower struct {
	out  io.Writer
	seen map[uuid.UUID]bool // those of the history that was looked at last
}

// begin starts after the event that the caller has had last, "" for now.
func (f *follower) begin(history []lane.Event, last string) error {
	if _, err := io.WriteString(f.out, ": events follow\n\n"); err != nil {
		return err
	}
	from := 0 // history is newest first: what is written is before it
	if last != "" {
		from = slices.IndexFunc(history, func(e lane.Event) bool { return e.Fact.String() == last })
	}
	if from < 0 {
		if err := f.missed(); err != nil {
			return err
		}
		from = 0
	}
	f.seen = make(map[uuid.UUID]bool, len(history))
	for _, e := range history[from:] {
		f.seen[e.Fact] = true
	}
	return f.write(history)
}

// write writes what was not seen yet, oldest first.
func (f *follower) write(history []lane.Event) error {
	now, met := make(map[uuid.UUID]bool, len(history)), len(f.seen) == 0
	for _, e := range history {
		now[e.Fact] = true
		met = met || f.seen[e.Fact]
	}
	seen := f.seen
	f.seen = now
	if !met { // more has happened than the history holds
		if err := f.missed(); err != nil {
			return err
		}
	}
	for _, e := range slices.Backward(history) {
		if seen[e.Fact] {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(f.out, "id: %s\nevent: %s\ndata: %s\n\n", e.Fact, e.Kind, data); err != nil {
			return err
		}
	}
	return nil
}

// missed says that events have fallen out of the history unseen.
func (f *follower) missed() error {
	_, err := io.WriteString(f.out, "event: missed\ndata: {}\n\n")
	return err
}
