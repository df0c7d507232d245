package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
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
