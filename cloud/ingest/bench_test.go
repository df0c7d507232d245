package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// A batch of 100 facts as gates make them: 34 cars that come and go and pay,
// each in a slot, at a site with as many visits before as the benchmark made.
func BenchmarkIngest(b *testing.B) {
	s := cloudtest.NewSite(b, nil)
	n := s.Enrol(b, "N")
	at, cars := cloudtest.Noon, 0
	for b.Loop() {
		b.StopTimer()
		first := len(n.Facts)
		for range 33 {
			cars++
			at = at.Add(time.Minute)
			plate := fmt.Sprintf("51F%05d", cars%5000)
			stay := n.In(b, at, plate, "N01")
			n.Out(b, stay, at, at.Add(30*time.Second), plate, 5000)
		}
		n.In(b, at.Add(40*time.Second), fmt.Sprintf("52F%05d", cars), "")
		raw := cloudtest.Raw(b, n.Batch(b, n.Facts[first:]))
		b.StartTimer()
		if _, err := ingester(s).Ingest(b.Context(), ingest.Source{Site: s.ID, Gate: n.Code}, raw, at); err != nil {
			b.Fatal(err)
		}
	}
}

// One entry of a plate, with a card, that came in again and again and never
// left, by how many of its stays are inside; and the same while an exit of the
// plate waits that could be of any of them. The entry is voided again outside
// of what is measured.
func BenchmarkOnePlateInside(b *testing.B) {
	for _, inside := range []int{10, 100, 500, 1000} {
		for _, exit := range []bool{false, true} {
			name := fmt.Sprint(inside)
			if exit {
				name += "-and-an-exit"
			}
			b.Run(name, func(b *testing.B) { benchmarkOnePlate(b, inside, exit) })
		}
	}
}

func benchmarkOnePlate(b *testing.B, inside int, exit bool) {
	s := cloudtest.NewSite(b, nil)
	n := s.Enrol(b, "N")
	at, brought := cloudtest.Noon, 0
	come := func() uuid.UUID {
		at = at.Add(time.Second)
		stay := uuid.Must(uuid.NewV7())
		n.Fact(b, parking.KindVehicleIn, at, parking.VehicleIn{
			Stay: stay, Lane: "1", Class: parking.Car, Plate: "51F00001", Display: "51F00001", Token: "0042", Zone: "N",
			Tariff: "default", TariffV: 1,
		})
		return stay
	}
	bring := func() {
		if _, err := ingester(s).Take(b.Context(), n.Facts[brought:], at); err != nil {
			b.Fatal(err)
		}
		brought = len(n.Facts)
	}
	for i := range inside {
		if come(); i%100 == 99 {
			bring()
		}
	}
	if exit {
		n.Out(b, uuid.Must(uuid.NewV7()), at, at, "51F00001", 5000)
	} else {
		come()
	}
	bring()
	for b.Loop() {
		stay := come()
		bring()
		b.StopTimer()
		n.Fact(b, parking.KindStayVoided, at, parking.StayVoided{Stay: stay, Reason: "of the benchmark"})
		bring()
		b.StartTimer()
	}
}
