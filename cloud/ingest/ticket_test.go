package ingest_test

import (
	"testing"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// An exit by a ticket names the ticket's stay. It may reach the cloud before
// the entry, whose gate is cut off: until then it is an exit without an entry,
// and once that comes, one stay that came in, paid and left, whatever the order.
func TestTicketsExitBeforeItsEntry(t *testing.T) {
	t.Parallel()
	for name, entryFirst := range map[string]bool{"entry first": true, "exit first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			stay := uuid.Must(uuid.NewV7())
			number := parking.TicketNumber(stay)
			in := func() {
				s.tell("N", 0, parking.KindVehicleIn, parking.VehicleIn{
					Stay: stay, Lane: "1", Class: parking.Car, Zone: "N", Slot: "N01", Plate: "51F00001", Token: number, Tariff: "default", TariffV: 1,
				})
			}
			out := func() {
				s.out("S", 10, stay, 0, parking.VehicleOut{Plate: "51F00001", Token: number})
				s.pay(10, stay, 5000, "")
			}
			if entryFirst {
				in()
				out()
			} else {
				out()
				s.want("before the entry has come", "exit_unknown open")
				in()
			}
			s.want("in the end")
			got := stayOf(t, snapshot(t, s.Site), stay)
			if got.State != parking.Left || got.InAt == nil || !got.InAt.Equal(minute(0)) || got.OutGate != "S" || got.PaidSum() != 5000 || got.Into != nil {
				t.Errorf("the stay: %+v", got)
			}
		})
	}
}
