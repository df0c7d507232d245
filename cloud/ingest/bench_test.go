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

// One fact about a plate, with a card, that came in again and again and never
// left, by how many of its stays are inside: an entry, which is voided again
// outside of what is measured, and an exit of nothing that is known.
func BenchmarkOnePlateInside(b *testing.B) {
	for _, inside := range []int{10, 100, 500, 1000} {
		b.Run(fmt.Sprint(inside), func(b *testing.B) {
			s := cloudtest.NewSite(b, nil)
			n := s.Enrol(b, "N")
			at, cars := cloudtest.Noon, 0
			come := func() uuid.UUID {
				cars++
				at = at.Add(time.Second)
				stay := uuid.Must(uuid.NewV7())
				n.Fact(b, parking.KindVehicleIn, at, parking.VehicleIn{
					Stay: stay, Lane: "1", Class: parking.Car, Plate: "51F00001", Display: "51F00001", Token: "0042", Zone: "N",
					Tariff: "default", TariffV: 1,
				})
				return stay
			}
			brought := 0
			bring := func() {
				if _, err := ingester(s).Take(b.Context(), n.Facts[brought:], at); err != nil {
					b.Fatal(err)
				}
				brought = len(n.Facts)
			}
			for range inside {
				if come(); len(n.Facts)-brought == 100 {
					bring()
				}
			}
			if brought < len(n.Facts) {
				bring()
			}
			for b.Loop() {
				stay := come()
				bring()
				b.StopTimer()
				n.Fact(b, parking.KindStayVoided, at, parking.StayVoided{Stay: stay, Reason: "of the benchmark"})
				bring()
				b.StartTimer()
			}
		})
	}
}
