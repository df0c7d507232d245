package ingest_test

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// meets lists the standing conflicts of a kind as "earlier later", by the names
// of the stays.
func (s *story) meets(kind string, names map[uuid.UUID]string) []string {
	s.t.Helper()
	out := []string{}
	for _, c := range standing(s.t, s.Site) {
		if c.Kind == kind {
			out = append(out, names[c.Stays[0]]+" "+names[c.Stays[1]])
		}
	}
	slices.Sort(out)
	return out
}

// A plate that comes in again and again is judged each time against the last of
// its stays that was still inside, and against no other: when that one turns
// out to have left, or never to have been, against the one before. The same for
// a card.
func TestEachEntryAgainstTheLastBefore(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	names := map[uuid.UUID]string{}
	come := func(name string, m int) uuid.UUID {
		id := s.in("N", m, parking.VehicleIn{Plate: "51F00001", Token: "0042"})
		names[id] = name
		return id
	}
	want := func(what string, want ...string) {
		t.Helper()
		for _, kind := range []string{ingest.PlateInside, ingest.TokenTwice} {
			if got := s.meets(kind, names); !slices.Equal(got, want) {
				t.Errorf("%s: %s %q, want %q", what, kind, got, want)
			}
		}
	}
	come("a", 0)
	c := come("c", 20)
	want("two are inside", "a c")
	d := come("d", 30)
	want("each against one", "a c", "c d")
	b := come("b", 10)
	want("one that came between is heard of later", "a b", "b c", "c d")
	s.out("S", 25, c, 20, parking.VehicleOut{Plate: "51F00001", Token: "0042"})
	want("it had left before the next came", "a b", "b c", "b d")
	s.tell("N", 40, parking.KindStayVoided, parking.StayVoided{Stay: b, Reason: "never was"})
	want("it never was", "a c", "a d")
	s.tell("S", 26, parking.KindVehicleBackedOut, parking.VehicleBackedOut{Stay: c, Lane: "2", Of: s.gates["S"].Facts[0].ID})
	want("it did not leave", "a c", "c d")
	s.tell("S", 41, parking.KindPlateCorrected, parking.PlateCorrected{Stay: d, Plate: "51F00002"})
	if got := s.meets(ingest.PlateInside, names); !slices.Equal(got, []string{"a c"}) {
		t.Errorf("another plate: %q", got)
	}
	if got := s.meets(ingest.TokenTwice, names); !slices.Equal(got, []string{"a c", "c d"}) {
		t.Errorf("another plate, with the same card: %q", got)
	}
}

// An older program found a conflict for each pair of stays that were inside at
// once. These stand until their later stay is judged again: then they are
// withdrawn, but for the one with the last before.
func TestPairsOfAnOlderProgramAreWithdrawn(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(s *story, a, b, c uuid.UUID) []string{
		"the later one": func(s *story, _, _, c uuid.UUID) []string {
			s.tell("N", 30, parking.KindSlotChanged, parking.SlotChanged{Stay: c, Zone: "N"})
			return []string{"a b", "b c"}
		},
		"the earlier one left before": func(s *story, a, _, _ uuid.UUID) []string {
			s.out("N", 5, a, 0, parking.VehicleOut{Plate: "51F00001"})
			return []string{"b c"}
		},
		"the earlier one never was": func(s *story, a, _, _ uuid.UUID) []string {
			s.tell("N", 31, parking.KindStayVoided, parking.StayVoided{Stay: a, Reason: "never was"})
			return []string{"b c"}
		},
		"the one between never was": func(s *story, _, b, _ uuid.UUID) []string {
			s.tell("N", 31, parking.KindStayVoided, parking.StayVoided{Stay: b, Reason: "never was"})
			return []string{"a c"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			names := map[uuid.UUID]string{}
			var ids []uuid.UUID
			for i, name := range []string{"a", "b", "c"} {
				ids = append(ids, s.in("N", 10*i, parking.VehicleIn{Plate: "51F00001"}))
				names[ids[i]] = name
			}
			first, last := s.gates["N"].Facts[0], s.gates["N"].Facts[2]
			id, err := hex.DecodeString(conflictID(ingest.PlateInside, first.ID, last.ID))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Store.Pool.Exec(t.Context(), `
INSERT INTO conflicts (tenant_id, site_id, id, kind, facts, stays, state, at, opened_at)
VALUES ($1, $2, $3, 'plate_inside', $4, $5, 'open', $6, $6)`,
				s.Tenant, s.ID, id, []uuid.UUID{first.ID, last.ID}, []uuid.UUID{ids[0], ids[2]}, last.At)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.meets(ingest.PlateInside, names); !slices.Equal(got, []string{"a b", "a c", "b c"}) {
				t.Fatalf("before: %q of %v", got, slices.Sorted(maps.Values(names)))
			}
			want := again(s, ids[0], ids[1], ids[2])
			if got := s.meets(ingest.PlateInside, names); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// However many stays of a plate are inside while an exit waits that could be of
// any of them, one more entry changes itself and one conflict, and nothing else.
func TestAnEntryTouchesItsNeighboursOnly(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	for m := range 5 {
		s.in("N", m, parking.VehicleIn{Plate: "51F00001", Token: "0042"})
	}
	s.out("S", 20, uuid.Must(uuid.NewV7()), 0, parking.VehicleOut{Plate: "51F00001", Unknown: true})
	last := s.in("N", 10, parking.VehicleIn{Plate: "51F00001"})
	var body []byte
	if err := s.Store.Pool.QueryRow(t.Context(), "SELECT body FROM feed ORDER BY feed_seq DESC LIMIT 1").Scan(&body); err != nil {
		t.Fatal(err)
	}
	var d wire.Delta
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Stays) != 1 || d.Stays[0].ID != last || len(d.Conflicts) != 1 || d.Conflicts[0].Kind != ingest.PlateInside {
		t.Errorf("%d stays and %d conflicts changed: %s", len(d.Stays), len(d.Conflicts), body)
	}
}
