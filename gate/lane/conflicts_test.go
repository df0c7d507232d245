package lane_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A guard sees the conflicts of his own vehicles first, with the vehicles; a
// locked console shows none.
func TestConflictsOfThisGateComeFirst(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	now := parking.BusinessTime(b.Config.Now())
	stay := func(gate, plate string) parking.Stay {
		at := now.Add(-time.Hour)
		return parking.Stay{ID: uuid.New(), State: parking.Inside, Plate: parking.Plate(plate), Display: plate, Class: parking.Car, InAt: &at, InGate: gate}
	}
	own, other := stay(b.Config.Gate, "30A12345"), stay("another", "30A54321")
	err := b.State.ApplyDeltas(t.Context(), wire.Delta{
		FeedSeq: b.State.Site().FeedSeq + 1, Stays: []parking.Stay{own, other},
		Conflicts: []wire.Conflict{
			{ID: "01", Kind: "plate_inside", State: "open", Stays: []uuid.UUID{own.ID}, At: now.Add(-3 * time.Minute)},
			{ID: "02", Kind: "token_twice", State: "open", Stays: []uuid.UUID{other.ID, own.ID}, At: now.Add(-2 * time.Minute)},
			{ID: "03", Kind: "plate_inside", State: "open", Stays: []uuid.UUID{other.ID}, At: now.Add(-time.Minute)},
			{ID: "04", Kind: "clock", State: "open", At: now, Stays: []uuid.UUID{uuid.New()}}, // of a stay that is long gone
			{ID: "05", Kind: "paid_twice", State: "settled", Stays: []uuid.UUID{own.ID}, At: now},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := b.Desk.Conflicts(t.Context())
	var got []string
	for _, c := range found {
		got = append(got, c.ID)
	}
	if len(found) != 4 || got[0] != "02" || got[1] != "01" || got[2] != "04" || got[3] != "03" {
		t.Fatalf("in the order %v", got)
	}
	if !found[0].Here || len(found[0].Stays) != 2 || found[0].Stays[1].Display != "30A12345" || found[2].Here || len(found[2].Stays) != 0 {
		t.Errorf("%+v", found)
	}
}
