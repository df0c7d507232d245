package ingest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// A stay that lost a slot which it had left already keeps the slot in which
// it stands. The projection once took it from there as well: it looked for the
// stay's newest claim among those that had been replayed, did not find it,
// because its slot was not touched, and wrote "unplaced".
func TestLosingASlotThatWasLeftKeepsTheNextOne(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	at := func(minutes int) time.Time { return cloudtest.Noon.Add(time.Duration(minutes) * time.Minute) }

	moved := south.In(t, at(10), "51F00002", "N07")
	south.Fact(t, parking.KindSlotChanged, at(20), parking.SlotChanged{Stay: moved, Zone: "S", Slot: "S03"})
	bringAll(t, s, south)
	first := n.In(t, at(0), "51F00001", "N07") // was there before, and is told later
	bringAll(t, s, n)

	snap := snapshot(t, s)
	wantKinds(t, snap, ingest.SlotTwice)
	for code, want := range map[string]uuid.UUID{"N07": first, "S03": moved} {
		if got := slotOf(t, snap, code); got.Stay != want {
			t.Errorf("%s is %+v, want stay %s", code, got, want)
		}
	}
	if got := stayOf(t, snap, moved); !got.Placed {
		t.Errorf("the stay in S03 is not placed: %+v", got)
	}
}
