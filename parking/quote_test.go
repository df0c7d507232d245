package parking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/parking"
)

func amount(m parking.Money) *parking.Money { return &m }

// carPark is the default rule for cars, open to be changed by a test.
func carPark(change func(t *parking.Tariff, c *parking.ClassTariff)) *parking.Tariff {
	class := parking.ClassTariff{
		Blocks:     &parking.Blocks{First: parking.Block{Length: 60, Price: 5000}, Then: parking.Block{Length: 60, Price: 3000}},
		LostTicket: amount(50000),
	}
	t := &parking.Tariff{ID: "default", Currency: "VND", Timezone: "Asia/Ho_Chi_Minh", Rounding: 1, ExitWindow: 15, QuoteHold: 10}
	if change != nil {
		change(t, &class)
	}
	t.Classes = map[parking.Class]parking.ClassTariff{parking.Car: class}
	return t
}

func hanoi() *parking.Tariff {
	return &parking.Tariff{
		ID: "hanoi", Currency: "VND", Timezone: "Asia/Ho_Chi_Minh", Rounding: 1, ExitWindow: 15, QuoteHold: 10,
		Classes: map[parking.Class]parking.ClassTariff{parking.Motorbike: {
			Turns: []parking.Turn{
				{Name: "day", From: 6 * 60, To: 18 * 60, Price: 5000},
				{Name: "night", From: 18 * 60, To: 6 * 60, Price: 8000},
			},
			Together:   []parking.Together{{Of: []string{"day", "night"}, Price: 12000}},
			LostTicket: amount(30000),
		}},
	}
}

// at reads "2027-03-01 08:00:59" as the clocks of zone show it, the first of
// two when they show it twice.
func at(t *testing.T, zone, clock string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	layout := "2006-01-02 15:04:05"
	moment, err := time.ParseInLocation(layout[:len(clock)], clock, loc)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func quote(t *testing.T, tariff *parking.Tariff, req parking.QuoteRequest) parking.Quote {
	t.Helper()
	if err := tariff.Validate(); err != nil {
		t.Fatal(err)
	}
	q, err := tariff.Quote(req)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// lines writes the lines of a quote as "code amount, code amount".
func lines(q parking.Quote) string {
	var all []string
	for _, l := range q.Lines {
		all = append(all, fmt.Sprintf("%s %d", l.Code, l.Amount))
	}
	return strings.Join(all, ", ")
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	tariff := carPark(nil)
	in := at(t, "Asia/Ho_Chi_Minh", "2027-03-01 10:00:00")
	for _, c := range []struct {
		seconds, minutes int
		want             parking.Money
	}{
		{0, 0, 5000},
		{59, 0, 5000},
		{60 * 60, 60, 5000},
		{60*60 + 59, 60, 5000},
		{61 * 60, 61, 8000},
		{120*60 + 59, 120, 8000},
		{121 * 60, 121, 11000},
		{24 * 60 * 60, 1440, 74000},
		{24*60*60 + 60, 1441, 77000},
		{-1, 0, 5000},
		{-86400, 0, 5000},
	} {
		q := quote(t, tariff, parking.QuoteRequest{Class: parking.Car, In: in, Out: in.Add(time.Duration(c.seconds) * time.Second)})
		if q.Fee != c.want || q.Minutes != c.minutes || q.Currency != "VND" {
			t.Errorf("%d s: %+v, want %d for %d min", c.seconds, q, c.want, c.minutes)
		}
		if warned := q.Lines[0].Code == parking.LineWarning; warned != (c.seconds < 0) {
			t.Errorf("%d s: lines %s", c.seconds, lines(q))
		}
	}
}

func TestGraceIsInclusive(t *testing.T) {
	t.Parallel()
	tariff := carPark(func(t *parking.Tariff, _ *parking.ClassTariff) { t.Grace = 10 })
	in := at(t, "Asia/Ho_Chi_Minh", "2027-03-01 10:00:30")
	for _, c := range []struct {
		seconds int
		lost    bool
		want    string
	}{
		{0, false, "free 0"},
		{10*60 + 59, false, "free 0"},
		{11 * 60, false, "block_first 5000"},
		{10 * 60, true, "free 0, lost_ticket 50000"},
	} {
		req := parking.QuoteRequest{Class: parking.Car, In: in, Out: in.Add(time.Duration(c.seconds) * time.Second), Lost: c.lost}
		if got := lines(quote(t, tariff, req)); got != c.want {
			t.Errorf("%d s: %s, want %s", c.seconds, got, c.want)
		}
	}
}

func TestCapAndHolidays(t *testing.T) {
	t.Parallel()
	const zone = "Asia/Ho_Chi_Minh"
	capped := func(per parking.CapPer) *parking.Tariff {
		return carPark(func(_ *parking.Tariff, c *parking.ClassTariff) { c.Cap = &parking.Cap{Per: per, Price: 20000} })
	}
	holiday := carPark(func(t *parking.Tariff, c *parking.ClassTariff) {
		t.Holidays = &parking.Holidays{Dates: []parking.LocalDate{parking.MakeLocalDate(2027, 1, 1)}, Percent: 150}
		c.Blocks.Then.Price = 3001 // 4501.5 rounds to 4502
	})
	cheapHoliday := carPark(func(t *parking.Tariff, c *parking.ClassTariff) {
		t.Holidays = &parking.Holidays{Dates: []parking.LocalDate{parking.MakeLocalDate(2027, 1, 1)}, Percent: 50}
		c.Cap = &parking.Cap{Per: parking.PerCalendarDay, Price: 2000}
	})
	for name, c := range map[string]struct {
		tariff  *parking.Tariff
		in, out string
		want    string
	}{
		"below the cap":         {capped(parking.PerCalendarDay), "2027-03-01 10:00", "2027-03-01 16:00", "block_first 5000, block_then 15000"},
		"cap of a date":         {capped(parking.PerCalendarDay), "2027-03-01 10:00", "2027-03-01 16:01", "block_first 5000, block_then 18000, cap -3000"},
		"a new date":            {capped(parking.PerCalendarDay), "2027-03-01 10:00", "2027-03-02 01:01", "block_first 5000, block_then 45000, cap -24000"},
		"block over midnight":   {capped(parking.PerCalendarDay), "2027-03-01 10:30", "2027-03-02 00:30", "block_first 5000, block_then 39000, cap -24000"},
		"24 hours":              {capped(parking.PerRolling24h), "2027-03-01 10:00", "2027-03-02 10:00", "block_first 5000, block_then 69000, cap -54000"},
		"24 hours and a minute": {capped(parking.PerRolling24h), "2027-03-01 10:00", "2027-03-02 10:01", "block_first 5000, block_then 72000, cap -54000"},
		"into a holiday":        {holiday, "2026-12-31 22:30", "2027-01-01 01:31", "block_first 5000, block_then 9003, holiday 3002"},
		"within a holiday":      {holiday, "2027-01-01 10:00", "2027-01-01 11:00", "block_first 5000, holiday 2500"},
		"day after":             {holiday, "2027-01-02 00:00", "2027-01-02 01:00", "block_first 5000"},
		"cap is not multiplied": {cheapHoliday, "2027-01-01 10:00", "2027-01-01 11:00", "block_first 5000, holiday -2500, cap -500"},
	} {
		q := quote(t, c.tariff, parking.QuoteRequest{Class: parking.Car, In: at(t, zone, c.in), Out: at(t, zone, c.out)})
		if got := lines(q); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	const zone = "Asia/Ho_Chi_Minh"
	tariff := hanoi()
	tariff.Holidays = &parking.Holidays{Dates: []parking.LocalDate{parking.MakeLocalDate(2027, 1, 1)}, Percent: 200}
	for _, c := range []struct{ in, out, want string }{
		{"2027-03-01 06:00:00", "2027-03-01 06:00:00", "turn 5000"},
		{"2027-03-01 05:59:59", "2027-03-01 05:59:59", "turn 8000"},
		{"2027-03-01 05:59:00", "2027-03-01 06:00:00", "turn 8000"},
		{"2027-03-01 05:59:00", "2027-03-01 06:01:00", "together 12000"},
		{"2027-03-01 08:00:00", "2027-03-01 18:00:59", "turn 5000"},
		{"2027-03-01 08:00:00", "2027-03-01 18:01:00", "together 12000"},
		{"2027-03-01 17:00:00", "2027-03-02 07:00:00", "together 12000, turn 5000"}, // the second day is alone
		{"2027-03-01 00:00:00", "2027-03-03 00:00:00", "together 24000, turn 8000"},
		{"2027-01-01 02:00:00", "2027-01-01 05:00:00", "turn 8000"},      // of 31 December
		{"2027-01-01 02:00:00", "2027-01-01 08:00:00", "together 12000"}, // a pair by its first
		{"2027-01-01 08:00:00", "2027-01-01 20:00:00", "together 12000, holiday 12000"},
		{"2027-01-01 20:00:00", "2027-01-02 05:00:00", "turn 8000, holiday 8000"},
	} {
		q := quote(t, tariff, parking.QuoteRequest{Class: parking.Motorbike, In: at(t, zone, c.in), Out: at(t, zone, c.out)})
		if got := lines(q); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.in, c.out, got, c.want)
		}
	}
	year := quote(t, hanoi(), parking.QuoteRequest{
		Class: parking.Motorbike,
		In:    at(t, zone, "2027-01-01 00:00"), Out: at(t, zone, "2028-01-01 00:00"),
	})
	if want := parking.Money(365*12000 + 8000); year.Fee != want {
		t.Errorf("the year 2027 costs %d, want %d", year.Fee, want)
	}
}

// Where clocks change, a window that the change swallows does not happen, and
// one that they show twice happens once.
func TestTurnsAtClockChanges(t *testing.T) {
	t.Parallel()
	park := func(zone string, from, to parking.ClockTime) *parking.Tariff {
		tariff := hanoi()
		tariff.Timezone = zone
		tariff.Classes = map[parking.Class]parking.ClassTariff{parking.Motorbike: {Turns: []parking.Turn{
			{Name: "short", From: from, To: to, Price: 100}, {Name: "rest", From: to, To: from, Price: 1},
		}}}
		return tariff
	}
	for name, c := range map[string]struct {
		tariff  *parking.Tariff
		in, out time.Time
		want    parking.Money
	}{
		"New York skips 02:00 to 03:00":    {park("America/New_York", 130, 170), at(t, "America/New_York", "2027-03-14 01:00"), at(t, "America/New_York", "2027-03-14 04:00"), 2},
		"New York, a boundary skipped":     {park("America/New_York", 130, 190), at(t, "America/New_York", "2027-03-14 01:59"), at(t, "America/New_York", "2027-03-14 03:01"), 101},
		"New York shows 01:30 twice":       {park("America/New_York", 90, 100), at(t, "America/New_York", "2027-11-07 00:30"), at(t, "America/New_York", "2027-11-07 03:00"), 102},
		"New York, the second 01:30":       {park("America/New_York", 90, 100), date(2027, 11, 7).Add(6*time.Hour + 30*time.Minute), date(2027, 11, 7).Add(6*time.Hour + 40*time.Minute), 1},
		"London skips 01:00 to 02:00":      {park("Europe/London", 60, 120), at(t, "Europe/London", "2027-03-28 00:30"), at(t, "Europe/London", "2027-03-28 03:00"), 2},
		"London shows 01:30 twice":         {park("Europe/London", 90, 100), at(t, "Europe/London", "2027-10-31 00:30"), at(t, "Europe/London", "2027-10-31 03:00"), 102},
		"London, the second 01:30":         {park("Europe/London", 90, 100), date(2027, 10, 31).Add(90 * time.Minute), date(2027, 10, 31).Add(100 * time.Minute), 1},
		"Lord Howe skips 02:00 to 02:30":   {park("Australia/Lord_Howe", 120, 150), at(t, "Australia/Lord_Howe", "2027-10-03 01:30"), at(t, "Australia/Lord_Howe", "2027-10-03 03:00"), 2},
		"Lord Howe, half of it is skipped": {park("Australia/Lord_Howe", 120, 151), at(t, "Australia/Lord_Howe", "2027-10-03 01:30"), at(t, "Australia/Lord_Howe", "2027-10-03 03:00"), 102},
		"Lord Howe shows 01:45 twice":      {park("Australia/Lord_Howe", 105, 110), at(t, "Australia/Lord_Howe", "2027-04-04 01:00"), at(t, "Australia/Lord_Howe", "2027-04-04 03:00"), 102},
		"Apia had no 30 December 2011":     {park("Pacific/Apia", 360, 1080), at(t, "Pacific/Apia", "2011-12-29 20:00"), at(t, "Pacific/Apia", "2011-12-31 05:00"), 2},
	} {
		q := quote(t, c.tariff, parking.QuoteRequest{Class: parking.Motorbike, In: c.in, Out: c.out})
		if q.Fee != c.want {
			t.Errorf("%s: %s, want %d", name, lines(q), c.want)
		}
	}
}

func TestDiscountsAndRounding(t *testing.T) {
	t.Parallel()
	half, all := 50, 100
	tariff := carPark(func(t *parking.Tariff, c *parking.ClassTariff) {
		t.Rounding = 1000
		t.Discounts = map[string]parking.Discount{"HALF": {Percent: &half}, "STAFF": {Percent: &all}, "SHOP1": {Amount: amount(5000)}, "ODD": {Amount: amount(499)}}
		c.Blocks.First.Price = 5001
	})
	in := at(t, "Asia/Ho_Chi_Minh", "2027-03-01 10:00")
	for _, c := range []struct {
		codes []string
		want  string
	}{
		{nil, "block_first 5001, rounding -1"},
		{[]string{"HALF"}, "block_first 5001, discount -2501, rounding 500"},
		{[]string{"HALF", "HALF"}, "block_first 5001, discount -2501, rounding 500"},
		{[]string{"SHOP1", "HALF"}, "block_first 5001, discount -5000, discount -1"},
		{[]string{"HALF", "SHOP1"}, "block_first 5001, discount -2501, discount -2500"},
		{[]string{"STAFF", "SHOP1"}, "block_first 5001, discount -5001, discount 0"},
		{[]string{"ODD"}, "block_first 5001, discount -499, rounding 498"},
	} {
		q := quote(t, tariff, parking.QuoteRequest{Class: parking.Car, In: in, Out: in, Discounts: c.codes})
		if got := lines(q); got != c.want {
			t.Errorf("%v: %s, want %s", c.codes, got, c.want)
		}
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	const zone = "Asia/Ho_Chi_Minh"
	tariff := carPark(func(t *parking.Tariff, _ *parking.ClassTariff) { t.Grace = 10 })
	pass := func(from, until string) parking.Period {
		return parking.Period{Name: "P1", From: at(t, zone, from), Until: at(t, zone, until)}
	}
	for name, c := range map[string]struct {
		passes []parking.Period
		lost   bool
		want   string
	}{
		"whole":          {[]parking.Period{pass("2027-03-01", "2027-04-01")}, true, "pass 0"},
		"to the second":  {[]parking.Period{pass("2027-03-01 10:00", "2027-03-01 14:00")}, false, "pass 0"},
		"ends before":    {[]parking.Period{pass("2027-02-01", "2027-03-01 12:00")}, false, "pass 0, block_first 5000, block_then 3000"},
		"grace again":    {[]parking.Period{pass("2027-02-01", "2027-03-01 13:50")}, false, "pass 0, free 0"},
		"begun after in": {[]parking.Period{pass("2027-03-01 10:00:01", "2027-04-01")}, false, "block_first 5000, block_then 9000"},
		"over at in":     {[]parking.Period{pass("2027-02-01", "2027-03-01 10:00")}, false, "block_first 5000, block_then 9000"},
		"joined": {[]parking.Period{
			pass("2027-03-01 12:00", "2027-03-01 13:00"), pass("2027-03-01 13:00", "2027-03-01 15:00"),
			pass("2027-02-01", "2027-03-01 12:00"),
		}, false, "pass 0"},
		"a gap": {
			[]parking.Period{pass("2027-02-01", "2027-03-01 12:00"), pass("2027-03-01 12:01", "2027-04-01")},
			true,
			"pass 0, block_first 5000, block_then 3000, lost_ticket 50000",
		},
	} {
		q := quote(t, tariff, parking.QuoteRequest{
			Class: parking.Car, Passes: c.passes, Lost: c.lost,
			In: at(t, zone, "2027-03-01 10:00"), Out: at(t, zone, "2027-03-01 14:00"),
		})
		if got := lines(q); got != c.want || q.Minutes != 240 {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if q.Lines[0].Code == parking.LinePass && !strings.Contains(q.Lines[0].Text.Vi, "P1") {
			t.Errorf("%s: the line does not name the pass: %+v", name, q.Lines[0])
		}
	}
}

func TestPaidInTime(t *testing.T) {
	t.Parallel()
	in := at(t, "Asia/Ho_Chi_Minh", "2027-03-01 10:00")
	after := func(s string) time.Time {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		return in.Add(d)
	}
	pay := func(m parking.Money, when string) parking.PaidAt { return parking.PaidAt{Amount: m, At: after(when)} }
	for name, c := range map[string]struct {
		out     string
		paid    []parking.PaidAt
		due     parking.Money
		settled string
	}{
		"nothing paid":                 {"61m", nil, 8000, ""},
		"within the window":            {"75m59s", []parking.PaidAt{pay(5000, "60m")}, 0, "60m"},
		"after the window":             {"76m", []parking.PaidAt{pay(5000, "60m")}, 3000, ""},
		"too little then":              {"70m", []parking.PaidAt{pay(4000, "60m")}, 4000, ""},
		"two parts complete it":        {"70m", []parking.PaidAt{pay(1000, "60m"), pay(4000, "58m")}, 0, "60m"},
		"more does not complete again": {"130m", []parking.PaidAt{pay(8000, "60m"), pay(1, "125m")}, 2999, ""},
		"completed anew":               {"130m", []parking.PaidAt{pay(5000, "60m"), pay(6000, "122m")}, 0, "122m"},
		"at the exit":                  {"61m", []parking.PaidAt{pay(8000, "63m")}, 0, "63m"},
		"too much":                     {"300m", []parking.PaidAt{pay(50000, "60m")}, 0, ""},
		"shown at 60, paid at 65":      {"75m", []parking.PaidAt{{Amount: 5000, At: after("65m"), ShownAt: after("60m")}}, 0, "65m"},
		"shown at 54, paid at 65":      {"75m", []parking.PaidAt{{Amount: 5000, At: after("65m"), ShownAt: after("54m")}}, 3000, ""},
	} {
		q := quote(t, carPark(nil), parking.QuoteRequest{Class: parking.Car, In: in, Out: after(c.out), Paid: c.paid})
		var settled time.Time
		if c.settled != "" {
			settled = after(c.settled)
		}
		if q.Due != c.due || !q.SettledAt.Equal(settled) {
			t.Errorf("%s: fee %d, due %d settled at %s, want %d at %s", name, q.Fee, q.Due, q.SettledAt, c.due, settled)
		}
	}
}

func TestQuoteUnknown(t *testing.T) {
	t.Parallel()
	q, err := hanoi().QuoteUnknown(parking.Motorbike)
	if err != nil || lines(q) != "lost_ticket 30000" || q.Fee != 30000 || q.Due != 30000 {
		t.Errorf("got %+v, %v", q, err)
	}
}

func TestQuoteRefuses(t *testing.T) {
	t.Parallel()
	in := date(2027, 3, 1)
	noLost := carPark(func(_ *parking.Tariff, c *parking.ClassTariff) { c.LostTicket = nil })
	for name, c := range map[string]struct {
		tariff *parking.Tariff
		req    parking.QuoteRequest
		want   string
	}{
		"class":       {carPark(nil), parking.QuoteRequest{Class: "tank", In: in, Out: in}, `"tank"; it prices car`},
		"discount":    {carPark(nil), parking.QuoteRequest{Class: parking.Car, In: in, Out: in, Discounts: []string{"X"}}, `no discount "X"`},
		"lost ticket": {noLost, parking.QuoteRequest{Class: parking.Car, In: in, Out: in, Lost: true}, "lost_ticket"},
		"no in":       {carPark(nil), parking.QuoteRequest{Class: parking.Car, Out: in}, "time in"},
		"far out":     {carPark(nil), parking.QuoteRequest{Class: parking.Car, In: in, Out: date(2300, 1, 1)}, "time out"},
		"payment": {carPark(nil), parking.QuoteRequest{
			Class: parking.Car, In: in, Out: in,
			Paid: []parking.PaidAt{{Amount: -1, At: in}},
		}, "more than 0"},
	} {
		_, err := c.tariff.Quote(c.req)
		if parking.ErrorCode(err) != parking.Invalid || !strings.Contains(parking.ErrorMessage(err), c.want) {
			t.Errorf("%s: got %v, want a sentence with %q", name, err, c.want)
		}
	}
}

// A quote costs its lines and their texts, nothing else.
func TestQuoteAllocatesItsLinesOnly(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes a sync.Pool forget, so that allocations mean nothing")
	}
	for name, c := range ordinary(t) {
		if n := testing.AllocsPerRun(100, func() { sink = mustQuote(c) }); n > 2 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

type ordinaryStay struct {
	tariff *parking.Tariff
	req    parking.QuoteRequest
}

var sink parking.Quote

func mustQuote(s ordinaryStay) parking.Quote {
	q, err := s.tariff.Quote(s.req)
	if err != nil {
		panic(err)
	}
	return q
}

func ordinary(t testing.TB) map[string]ordinaryStay {
	in := date(2027, 3, 1).Add(2 * time.Hour)
	newYork := hanoi()
	newYork.Timezone = "America/New_York"
	day := carPark(func(t *parking.Tariff, c *parking.ClassTariff) {
		c.Cap = &parking.Cap{Per: parking.PerCalendarDay, Price: 20000}
		t.Holidays = &parking.Holidays{Percent: 150, Dates: []parking.LocalDate{parking.MakeLocalDate(2027, 3, 1)}}
	})
	all := map[string]ordinaryStay{
		"car":                {carPark(nil), parking.QuoteRequest{Class: parking.Car, In: in, Out: in.Add(130 * time.Minute)}},
		"car,cap,holiday":    {day, parking.QuoteRequest{Class: parking.Car, In: in, Out: in.Add(20 * time.Hour)}},
		"motorbike":          {hanoi(), parking.QuoteRequest{Class: parking.Motorbike, In: in, Out: in.Add(8 * time.Hour)}},
		"motorbike,together": {hanoi(), parking.QuoteRequest{Class: parking.Motorbike, In: in, Out: in.Add(10 * time.Hour)}},
		"motorbike,New York": {newYork, parking.QuoteRequest{Class: parking.Motorbike, In: in, Out: in.Add(8 * time.Hour)}},
	}
	for name, s := range all {
		if err := s.tariff.Validate(); err != nil {
			t.Fatal(name, err)
		}
	}
	return all
}

// BenchmarkQuote: the target for an ordinary stay is 1,000 ns.
func BenchmarkQuote(b *testing.B) {
	stays := ordinary(b)
	var names []string
	for name := range stays {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = mustQuote(stays[name])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
		})
	}
}
