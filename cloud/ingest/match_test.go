package ingest_test

import (
	"testing"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// An exit that could be of either of two entries is nobody's until one of them
// has an exit of its own: the entry that is left is then the only one.
func TestAnExitWithTwoCandidatesIsNotMatched(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	first := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
	second := s.in("S", 1, parking.VehicleIn{Plate: "51F00001", Slot: "N02"})
	exit := uuid.Must(uuid.NewV7())
	s.out("N", 10, exit, 0, parking.VehicleOut{Plate: "51F00001", Unknown: true})
	s.pay(10, exit, 5000, "")
	s.want("two could be it", "exit_unknown open", "plate_inside open")
	for _, id := range []uuid.UUID{first, second} {
		if stay := stayOf(t, snapshot(t, s.Site), id); stay.State != parking.Inside || stay.OutAt != nil || len(stay.Payments) != 0 {
			t.Errorf("one of the two is %s, out at %v, with payments %+v", stay.State, stay.OutAt, stay.Payments)
		}
	}
	s.out("S", 5, first, 0, parking.VehicleOut{Plate: "51F00001"})
	s.pay(5, first, 5000, "")
	s.want("one of them had left before", "plate_inside open")
	rows := stored(t, s.Site, first, second, exit)
	if row := rows[second]; row.State != parking.Left || !row.OutAt.Equal(minute(10)) || row.PaidSum() != 5000 {
		t.Errorf("the other is %s, out at %v, paid %d", row.State, row.OutAt, row.PaidSum())
	}
	if row := rows[exit]; row.State != parking.Voided || row.Into == nil || *row.Into != second {
		t.Errorf("the exit is %s, into %v", row.State, row.Into)
	}
	if row := rows[first]; !row.OutAt.Equal(minute(5)) {
		t.Errorf("the first went out at %v", row.OutAt)
	}
}

// stored are stays as their rows say, by id; also those that no gate is shown.
func stored(t *testing.T, s *cloudtest.Site, ids ...uuid.UUID) map[uuid.UUID]parking.Stay {
	t.Helper()
	rows, err := s.Store.Q.StaysByID(t.Context(), cloudsql.StaysByIDParams{SiteID: s.ID, Ids: ids})
	if err != nil || len(rows) != len(ids) {
		t.Fatalf("%d of %d stays have a row: %v", len(rows), len(ids), err)
	}
	out := map[uuid.UUID]parking.Stay{}
	for _, row := range rows {
		stay, err := store.Decode[parking.Stay](row.Document)
		if err != nil {
			t.Fatal(err)
		}
		out[row.ID] = stay
	}
	return out
}
