package books_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/books/bookstest"
	"gatehouse/parking"
)

// Pages of the list hold every stay once, in both directions, also where many
// came in at the same moment.
func TestStaysInPages(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	const all = 2*books.StaysPage + 7
	for i := range all {
		f.In(local(f, 22, 8, i/40, 0), "N", "lan", "M", "", parking.Motorbike)
	}
	f.Save()
	var forward, backward []uuid.UUID
	var last books.Stays
	for cursor := (*books.Cursor)(nil); ; cursor = last.Older {
		page, err := b.Stays(t.Context(), site, books.Filter{}, cursor, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			forward = append(forward, r.ID)
		}
		if (page.Newer == nil) != (cursor == nil) {
			t.Error("only the first page has nothing newer")
		}
		if last = page; page.Older == nil {
			break
		}
	}
	if len(forward) != all {
		t.Fatalf("%d stays in the pages, want %d", len(forward), all)
	}
	seen := map[uuid.UUID]bool{}
	for _, id := range forward {
		if seen[id] {
			t.Errorf("stay %s stands in two pages", id)
		}
		seen[id] = true
	}
	backward = append(backward, idsOf(last.Rows)...)
	for cursor := last.Newer; cursor != nil; {
		page, err := b.Stays(t.Context(), site, books.Filter{}, nil, cursor)
		if err != nil {
			t.Fatal(err)
		}
		backward = append(idsOf(page.Rows), backward...)
		cursor = page.Newer
	}
	if fmt.Sprint(backward) != fmt.Sprint(forward) {
		t.Error("the pages towards now are not those towards the past")
	}
}

func idsOf(rows []books.StayRow) []uuid.UUID {
	var ids []uuid.UUID
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestStaysFilter(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	car := f.In(local(f, 21, 23, 0, 0), "N", "lan", "N01", "30A-123.45", parking.Car)
	f.Pay(car, local(f, 22, 1, 0, 0), "S", "minh", parking.Cash, 8000)
	f.Out(car, local(f, 22, 1, 0, 0), "S", "minh", 8000)
	alike := f.In(local(f, 22, 2, 0, 0), "E", "lan", "E01", "30A-123.48", parking.Car)
	bike := f.In(local(f, 22, 3, 0, 0), "N", "lan", "M", "29B1-456.78", parking.Motorbike)
	f.Save()
	from, until := local(f, 22, 0, 0, 0), local(f, 22, 1, 30, 0)
	for name, c := range map[string]struct {
		filter books.Filter
		want   []uuid.UUID
	}{
		"all":         {books.Filter{}, []uuid.UUID{bike, alike, car}},
		"prefix":      {books.Filter{Plate: "30A1"}, []uuid.UUID{alike, car}},
		"whole plate": {books.Filter{Plate: "30A12345"}, []uuid.UUID{car}},
		"likeness":    {books.Filter{Plate: "30A12345", Like: true}, []uuid.UUID{alike, car}},
		"nothing":     {books.Filter{Plate: "99Z99999", Like: true}, nil},
		"inside":      {books.Filter{State: parking.Inside}, []uuid.UUID{bike, alike}},
		"gate of OUT": {books.Filter{Gate: "S"}, []uuid.UUID{car}},
		"class":       {books.Filter{Class: parking.Motorbike}, []uuid.UUID{bike}},
		"time":        {books.Filter{From: &from, Until: &until}, []uuid.UUID{car}},
		"paid by":     {books.Filter{Actor: "minh"}, []uuid.UUID{car}},
		"not paid by": {books.Filter{Actor: "lan"}, nil},
	} {
		page, err := b.Stays(t.Context(), site, c.filter, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := idsOf(page.Rows); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestStayOfOneSiteOnly(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Ground()
	photo := f.Photo([]byte("in"), "plate", true)
	waits := f.Photo([]byte("out"), "plate", false)
	f.Late = 3 * time.Hour
	id := f.In(local(f, 22, 8, 0, 0), "N", "lan", "N03", "30A-123.45", parking.Car, photo)
	f.Pay(id, local(f, 22, 9, 0, 0), "S", "minh", parking.Cash, 5000)
	f.Out(id, local(f, 22, 9, 0, 0), "S", "minh", 5000, waits)
	f.Conflict("fee_differs", "", local(f, 22, 9, 0, 0), id)
	f.Save()
	stay, err := b.Stay(t.Context(), site, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(stay.Facts) != 4 || stay.Facts[0].Kind != parking.KindVehicleIn || stay.Facts[0].Late() != 3*time.Hour {
		t.Errorf("facts: %+v", stay.Facts)
	}
	if !stay.Held[photo.SHA256] || stay.Held[waits.SHA256] {
		t.Errorf("photos held: %v", stay.Held)
	}
	if len(stay.Conflicts) != 1 || stay.PaidSum() != 5000 || stay.Charge.Fee != 5000 {
		t.Errorf("conflicts %v, paid %d", stay.Conflicts, stay.PaidSum())
	}
	other := bookstest.New(t, f.Store, "khac", saigon)
	site.ID = other.ID
	if _, err := b.Stay(t.Context(), site, id); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("another site's stay: %v, want not found", err)
	}
}
