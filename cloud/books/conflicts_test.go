package books_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/parking"
)

// The inbox in pages, there and back, by state and kind; what a gate that is
// offline may explain is listed apart with that gate.
func TestConflictsInPages(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Ground()
	now := local(f, 22, 14, 0, 0)
	f.Heard("N", now.Add(-time.Second), 12, 0)
	f.Heard("S", now.Add(-time.Minute), 12, 7)
	f.Heard("W", now.Add(-time.Hour), 12, 7)
	stay := f.In(local(f, 22, 12, 0, 0), "S", "minh", "N01", "51F-678.90", parking.Car)
	f.In(local(f, 22, 13, 0, 0), "W", "minh", "N02", "51F-678.91", parking.Car)
	f.Save()
	for i := range 9 {
		f.Conflict("slot_twice", fmt.Sprintf("N%02d", i), local(f, 22, 11, i, 0), stay)
	}
	f.Conflict("plate_inside", "", local(f, 22, 12, 30, 0), stay)
	f.Conflict("exit_unknown", "", local(f, 22, 13, 30, 0))
	f.Conflict("clock", "", local(f, 22, 13, 45, 0))

	list := func(states []string, kind string, older, newer *books.ConflictCursor) books.Conflicts {
		t.Helper()
		page, err := b.Conflicts(t.Context(), site.ID, now, books.ConflictFilter{States: states, Kind: kind}, older, newer, 4)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	open := []string{books.ConflictOpen}
	first := list(open, "", nil, nil)
	if len(first.Rows) != 4 || first.Rows[0].Kind != "clock" || first.Rows[1].Slot != "N08" || first.Rows[1].Plates[0] != "51F-678.90" ||
		first.Newer != nil || first.Older == nil {
		t.Fatalf("the first page: %+v", first)
	}
	second := list(open, "", first.Older, nil)
	third := list(open, "", second.Older, nil)
	if len(second.Rows) != 4 || len(third.Rows) != 2 || third.Older != nil || third.Rows[1].Slot != "N00" {
		t.Fatalf("the pages after it: %+v %+v", second, third)
	}
	back := list(open, "", nil, second.Newer)
	if len(back.Rows) != 4 || back.Rows[0].ID != first.Rows[0].ID || back.Newer != nil || back.Older == nil {
		t.Errorf("back from the second page: %+v", back)
	}
	if page := list(open, "clock", nil, nil); len(page.Rows) != 1 {
		t.Errorf("of one kind: %+v", page)
	}
	waiting := list([]string{books.ConflictWaiting}, "", nil, nil)
	if len(waiting.Rows) != 2 || !slices.Equal(waiting.Rows[0].WaitsFor, []string{"S", "W"}) || !slices.Equal(waiting.Rows[1].WaitsFor, []string{"S"}) ||
		waiting.Rows[1].State != books.ConflictWaiting {
		t.Errorf("waiting: %+v", waiting.Rows)
	}
	count, err := b.ConflictCount(t.Context(), site.ID, now)
	if err != nil || count.Open != 10 || count.Waiting != 2 || count.Kinds["slot_twice"] != 9 {
		t.Errorf("counted %+v, %v", count, err)
	}
	// The gate is heard again: nothing waits any more.
	f.Heard("S", now, 12, 0)
	f.Heard("W", now, 12, 0)
	if page := list([]string{books.ConflictWaiting}, "", nil, nil); len(page.Rows) != 0 {
		t.Errorf("still waiting: %+v", page.Rows)
	}
}
