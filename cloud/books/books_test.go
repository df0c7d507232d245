package books_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/books/bookstest"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest"
	"gatehouse/parking"
)

// open makes a site and the books of it.
func open(t *testing.T, zone string) (*bookstest.Site, *books.Books, books.Site) {
	t.Helper()
	f := bookstest.New(t, database(t), "trung-tam", zone)
	b := books.New(f.Store.Q)
	site, err := b.Site(t.Context(), f.ID)
	if err != nil {
		t.Fatal(err)
	}
	return f, b, site
}

// database makes a database of its own for the test.
func database(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), privatetest.Database(t, store.Migrate))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

const saigon = "Asia/Ho_Chi_Minh"

// local is a time of November 2026 at the site.
func local(f *bookstest.Site, day, hour, minute, second int) time.Time {
	return time.Date(2026, time.November, day, hour, minute, second, 0, f.Zone)
}

// visit lets a vehicle in, takes money and lets it out at once.
func visit(f *bookstest.Site, at time.Time, gate, actor string, method parking.Method, amount parking.Money, class parking.Class) uuid.UUID {
	stay := f.In(at.Add(-time.Hour), gate, actor, "M", "", class)
	f.Pay(stay, at, gate, actor, method, amount)
	f.Out(stay, at, gate, actor, amount)
	return stay
}

func november(t *testing.T, site books.Site, from, to int) books.Period {
	t.Helper()
	p, err := site.Period(parking.MakeLocalDate(2026, time.November, from), parking.MakeLocalDate(2026, time.November, to))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRevenueCountsLocalDays(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	visit(f, local(f, 21, 23, 59, 59), "N", "lan", parking.Cash, 1, parking.Car)
	visit(f, local(f, 22, 0, 0, 0), "N", "lan", parking.Cash, 10, parking.Car)
	visit(f, local(f, 22, 23, 59, 59), "S", "minh", parking.QR, 100, parking.Motorbike)
	visit(f, local(f, 23, 0, 0, 0), "S", "minh", parking.Manual, 1000, parking.Car)
	asked := f.In(local(f, 22, 9, 0, 0), "N", "lan", "M", "", parking.Car)
	f.Request(asked, local(f, 22, 10, 0, 0), "N", "lan", 7777) // not paid: no money
	f.Save()

	r, err := b.Revenue(t.Context(), site, november(t, site, 22, 22))
	if err != nil {
		t.Fatal(err)
	}
	if r.Total.Amount != 110 || r.Total.Payments != 2 {
		t.Errorf("22 November came to %d in %d payments, want 110 in 2", r.Total.Amount, r.Total.Payments)
	}
	if r.Hours[0].Amount != 10 || r.Hours[23].Amount != 100 {
		t.Errorf("first and last hour are %d and %d, want 10 and 100", r.Hours[0].Amount, r.Hours[23].Amount)
	}
	if r, err = b.Revenue(t.Context(), site, november(t, site, 21, 23)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  []books.Sum
		want string
	}{
		"days":    {r.Days, "2026-11-21=1 2026-11-22=110 2026-11-23=1000 "},
		"methods": {r.Methods, "cash=11 vietqr=100 by_hand=1000 "},
		"gates":   {r.Gates, "N=11 S=1100 "},
		"classes": {r.Classes, "car=1011 motorbike=100 "},
		"people":  {r.People, "lan=11 minh=1100 "},
	} {
		got := ""
		for _, s := range c.got {
			got += fmt.Sprintf("%s=%d ", s.Key, s.Amount)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Every list of Revenue, the cash-up of the same period and the stays behind a
// figure come to the same sum.
func TestSumsAgree(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	methods := parking.Methods()
	for i := range 97 {
		at := local(f, 20, 0, 0, 0).Add(time.Duration(i) * 47 * time.Minute)
		visit(f, at, []string{"N", "S", "E"}[i%3], []string{"lan", "minh"}[i%2], methods[i%3], parking.Money(1000+i), parking.Car)
	}
	f.Save()
	p := november(t, site, 21, 22)
	r, err := b.Revenue(t.Context(), site, p)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.CashUp(t.Context(), site, p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Total != c.Total || r.Total.Payments == 0 || r.Total.Payments == 97 {
		t.Errorf("Revenue says %+v, the cash-up %+v", r.Total, c.Total)
	}
	for name, lists := range map[string][2][]books.Sum{
		"methods": {r.Methods, c.Methods}, "gates": {r.Gates, c.Gates}, "people": {r.People, c.People},
	} {
		if fmt.Sprint(lists[0]) != fmt.Sprint(lists[1]) {
			t.Errorf("%s: Revenue says %v, the cash-up %v", name, lists[0], lists[1])
		}
	}
	for name, list := range map[string][]books.Sum{
		"days": r.Days, "hours": r.Hours, "methods": r.Methods, "gates": r.Gates, "classes": r.Classes, "people": r.People,
	} {
		var sum books.Sum
		for _, s := range list {
			sum.Amount += s.Amount
			sum.Payments += s.Payments
		}
		if sum != r.Total {
			t.Errorf("the %s come to %+v, the whole to %+v", name, sum, r.Total)
		}
	}
	hour := 13
	for name, q := range map[string]struct {
		filter books.Filter
		want   books.Sum
	}{
		"method": {books.Filter{Method: parking.QR}, r.Methods[1]},
		"gate":   {books.Filter{PaidGate: "E"}, r.Gates[0]},
		"person": {books.Filter{Actor: "minh"}, r.People[1]},
		"hour":   {books.Filter{Hour: &hour}, r.Hours[hour]},
		"class":  {books.Filter{Class: parking.Car}, r.Classes[0]},
	} {
		q.filter.PaidFrom, q.filter.PaidUntil = &p.FromAt, &p.UntilAt
		stays, err := b.Stays(t.Context(), site, q.filter, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if stays.Paid.Amount != q.want.Amount || stays.Paid.Payments != q.want.Payments || q.want.Payments == 0 {
			t.Errorf("the stays behind the %s come to %+v, the figure says %+v", name, *stays.Paid, q.want)
		}
		var listed parking.Money
		for _, row := range stays.Rows {
			listed += row.Paid
		}
		if stays.Older == nil && listed != q.want.Amount {
			t.Errorf("the rows behind the %s come to %d, the figure says %d", name, listed, q.want.Amount)
		}
	}
}

func TestDayStartWhereMidnightIsMissing(t *testing.T) {
	t.Parallel()
	// Beirut went from 00:00 to 01:00 on 30 March 2025: the day began at 01:00.
	_, _, site := open(t, "Asia/Beirut")
	got := site.DayStart(parking.MakeLocalDate(2025, time.March, 30))
	if want := time.Date(2025, 3, 29, 22, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the day begins at %s, want %s", got, want)
	}
	if day := site.DayStart(parking.MakeLocalDate(2025, time.March, 31)).Sub(got); day != 23*time.Hour {
		t.Errorf("the day has %s, want 23 hours", day)
	}
}

func TestPeriodRefuses(t *testing.T) {
	t.Parallel()
	_, _, site := open(t, saigon)
	d := parking.MakeLocalDate(2026, time.November, 22)
	for _, p := range [][2]parking.LocalDate{{d, d - 1}, {d, d + books.MaxPeriodDays}} {
		if _, err := site.Period(p[0], p[1]); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s to %s: %v, want a refusal", p[0], p[1], err)
		}
	}
}

func TestNow(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Ground()
	now := local(f, 22, 14, 0, 0)
	f.Heard("N", now.Add(-time.Second), 12, 0)
	f.Heard("S", now.Add(-time.Minute), 12, 7)
	f.Heard("E", now, 900, 0)
	visit(f, local(f, 22, 13, 30, 0), "N", "lan", parking.Cash, 5000, parking.Motorbike) // in 12:30, out 13:30
	visit(f, local(f, 21, 23, 0, 0), "N", "lan", parking.Cash, 9999, parking.Motorbike)
	f.In(local(f, 22, 13, 59, 0), "N", "lan", "N01", "30A-123.45", parking.Car)
	loser := f.In(local(f, 22, 13, 59, 30), "S", "minh", "N01", "51F-678.90", parking.Car)
	f.Unplace(loser)
	f.In(local(f, 21, 8, 0, 0), "N", "lan", "M", "29B1-456.78", parking.Motorbike)
	f.Conflict("slot_twice", "N01", local(f, 22, 13, 59, 30), loser)
	f.Conflict("plate_inside", "", now, loser) // S is offline and may explain it
	f.Conflict("rights", "", now)              // which nobody explains
	f.Save()
	f.Exec(`UPDATE slots SET out_of_service = true WHERE site_id = $1 AND code = 'N02'`, f.ID)
	f.Hold("N03", "N", time.Hour)
	f.Hold("N04", "N", -time.Second)

	n, err := b.Now(t.Context(), site, now)
	if err != nil {
		t.Fatal(err)
	}
	if want := (books.Flow{InDay: 3, InHour: 2, OutDay: 1, OutHour: 1}); n.Flow != want {
		t.Errorf("flow %+v, want %+v", n.Flow, want)
	}
	if n.Inside != 3 || n.Unplaced != 1 || n.Total.Amount != 5000 || n.ConflictCount != 2 || n.ConflictsWaiting != 1 ||
		len(n.Conflicts) != 2 || n.Conflicts[0].Kind != "rights" || n.Conflicts[1].Slot != "N01" {
		t.Errorf("inside %d, unplaced %d, money %d, %d and %d conflicts: %+v", n.Inside, n.Unplaced, n.Total.Amount, n.ConflictCount, n.ConflictsWaiting, n.Conflicts)
	}
	zones := map[string]books.Zone{}
	for _, z := range n.Zones {
		zones[z.Code] = z
	}
	if z := zones["N"]; z.Slots != 15 || z.Occupied != 1 || z.OutOfService != 1 || z.Reserved != 1 || z.Free() != 12 {
		t.Errorf("zone N: %+v, free %d", z, z.Free())
	}
	if c := zones["M"].Classes; len(c) != 1 || c[0].Inside != 1 || c[0].Capacity != 400 {
		t.Errorf("zone M: %+v", c)
	}
	states := ""
	for _, g := range n.Gates {
		states += g.Code + "=" + string(g.State(now)) + " "
	}
	if states != "E=degraded N=online S=offline W=new " {
		t.Errorf("gates: %s", states)
	}
	m, err := b.Map(t.Context(), site)
	if err != nil || len(m.Slots) != 60 {
		t.Fatalf("%d slots, %v", len(m.Slots), err)
	}
	for _, s := range m.Slots {
		if (s.Stay != nil) != (s.Code == "N01") || s.OutOfService != (s.Code == "N02") || (s.ReservedBy != "") != (s.Code == "N03") {
			t.Errorf("slot on the map: %+v", s)
		}
	}
}
