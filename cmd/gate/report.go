package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// report prints a line for each vehicle that this gate lets in or out, until
// ctx ends.
func report(ctx context.Context, node *gate.Node, out io.Writer) error {
	changed, cancel := node.Desk().Changed()
	defer cancel()
	view := node.Desk().View()
	zone, err := time.LoadLocation(view.Timezone)
	if err != nil {
		zone = time.UTC
	}
	seen := map[uuid.UUID]bool{}
	for _, e := range view.Recent {
		seen[e.Fact] = true
	}
	_, err = fmt.Fprintf(out, "gate %s of %s is open; local API at %s\n", view.Gate.Code, view.SiteName, node.LocalAddr())
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			seen, err = printNew(out, node.Desk().View(), seen, zone)
		}
	}
	return fmt.Errorf("print what happens: %w", err)
}

// printNew prints the events that were not seen yet, oldest first, and
// returns what is seen now.
func printNew(out io.Writer, v *lane.View, seen map[uuid.UUID]bool, zone *time.Location) (map[uuid.UUID]bool, error) {
	now := make(map[uuid.UUID]bool, len(v.Recent))
	for i := len(v.Recent) - 1; i >= 0; i-- {
		e := v.Recent[i]
		now[e.Fact] = true
		if seen[e.Fact] || e.Gate != v.Gate.Code {
			continue
		}
		if text := eventLine(e, v, zone); text != "" {
			if _, err := fmt.Fprintln(out, text); err != nil {
				return now, err
			}
		}
	}
	return now, nil
}

// eventLine is what is printed of an event, "" for nothing.
func eventLine(e lane.Event, v *lane.View, zone *time.Location) string {
	at := e.At.In(zone).Format(time.TimeOnly)
	switch e.Kind {
	case parking.KindVehicleIn:
		place := e.Slot
		if place == "" {
			place = e.Zone
		}
		return fmt.Sprintf("%s IN  %-13s → %s", at, e.Display, place)
	case parking.KindVehicleOut:
		line := fmt.Sprintf("%s OUT %-13s %s", at, e.Display, e.Amount.Format(v.Currency, "en"))
		for _, p := range v.Recent {
			if p.Kind == parking.KindPaymentTaken && p.Stay == e.Stay {
				return line + " " + string(p.Method)
			}
		}
		return line
	case parking.KindBarrierFailed:
		return fmt.Sprintf("%s the barrier of lane %s did not open: %s", at, e.Lane, e.Text)
	}
	return ""
}
