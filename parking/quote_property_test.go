package parking_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gatehouse/parking"
)

// Zones whose clocks change in ways that trip programs: New York and London
// at different hours of the night, Lord Howe by half an hour, Santiago and
// Beirut at midnight, Nuuk from one date into the other, Apia by a whole day
// (in 2011), St. John's back over midnight (until 2011).
var zones = []string{
	"Asia/Ho_Chi_Minh", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago",
	"Asia/Beirut", "America/Nuuk", "Pacific/Apia", "America/St_Johns", "UTC",
}

// changes lists days on which one of them changed its clocks.
var changes = []time.Time{
	date(2027, 3, 14), date(2027, 11, 7), // New York
	date(2027, 3, 28), date(2027, 10, 31), // London, Beirut, Nuuk
	date(2027, 4, 4), date(2027, 10, 3), // Lord Howe, Santiago
	date(2027, 9, 5),                      // Santiago
	date(2011, 12, 30), date(2010, 11, 7), // Apia, St. John's
	date(2027, 1, 1), date(2027, 6, 15),
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func money(most int) *rapid.Generator[parking.Money] {
	return rapid.Custom(func(t *rapid.T) parking.Money { return parking.Money(rapid.IntRange(0, most).Draw(t, "money")) })
}

func minutes(least, most int) *rapid.Generator[parking.Minutes] {
	return rapid.Custom(func(t *rapid.T) parking.Minutes {
		return parking.Minutes(rapid.IntRange(least, most).Draw(t, "minutes"))
	})
}

func genBlocks(t *rapid.T) parking.ClassTariff {
	length := rapid.OneOf(minutes(1, 200), rapid.SampledFrom([]parking.Minutes{30, 60, 120, 1440}))
	c := parking.ClassTariff{Blocks: &parking.Blocks{
		First: parking.Block{Length: length.Draw(t, "first"), Price: money(9999).Draw(t, "first price")},
		Then:  parking.Block{Length: length.Draw(t, "then"), Price: money(9999).Draw(t, "then price")},
	}}
	if rapid.Bool().Draw(t, "capped") {
		per := rapid.SampledFrom([]parking.CapPer{parking.PerCalendarDay, parking.PerRolling24h}).Draw(t, "per")
		c.Cap = &parking.Cap{Per: per, Price: money(60000).Draw(t, "cap")}
	}
	return c
}

func genTurns(t *rapid.T) parking.ClassTariff {
	cutAt := rapid.OneOf(rapid.IntRange(0, 1439), rapid.SampledFrom([]int{0, 30, 60, 90, 120, 125, 360, 1080, 1380, 1430}))
	cuts := rapid.SliceOfNDistinct(cutAt, 1, 5, rapid.ID).Draw(t, "cuts")
	slices.Sort(cuts)
	var c parking.ClassTariff
	for i, from := range cuts {
		to := cuts[(i+1)%len(cuts)]
		c.Turns = append(c.Turns, parking.Turn{
			Name: fmt.Sprint("w", i), From: parking.ClockTime(from), To: parking.ClockTime(to), Price: money(9999).Draw(t, "turn"),
		})
	}
	n := len(cuts)
	for i := range rapid.IntRange(0, n).Draw(t, "pairs") {
		if i == 1 && n == 2 {
			break // with two windows both pairs are the same
		}
		c.Together = append(c.Together, parking.Together{
			Of: []string{fmt.Sprint("w", i), fmt.Sprint("w", (i+1)%n)}, Price: money(9999).Draw(t, "pair"),
		})
	}
	if rapid.Bool().Draw(t, "shuffled") {
		slices.Reverse(c.Turns)
	}
	return c
}

func genTariff(t *rapid.T) *parking.Tariff {
	lost := money(50000).Draw(t, "lost")
	half, shop := rapid.IntRange(0, 100).Draw(t, "percent off"), money(20000).Draw(t, "amount off")
	tariff := &parking.Tariff{
		ID: "random", Currency: "VND", Timezone: rapid.SampledFrom(zones).Draw(t, "zone"),
		Grace:    rapid.OneOf(rapid.Just(parking.Minutes(0)), minutes(0, 30)).Draw(t, "grace"),
		Rounding: rapid.SampledFrom([]parking.Money{1, 3, 500, 1000}).Draw(t, "rounding"),
		Discounts: map[string]parking.Discount{
			"PART": {Percent: &half}, "SHOP": {Amount: &shop},
		},
	}
	var class parking.ClassTariff
	if rapid.Bool().Draw(t, "by blocks") {
		class = genBlocks(t)
	} else {
		class = genTurns(t)
	}
	class.LostTicket = &lost
	tariff.Classes = map[parking.Class]parking.ClassTariff{parking.Car: class}
	if rapid.Bool().Draw(t, "holidays") {
		h := &parking.Holidays{Percent: rapid.IntRange(1, 300).Draw(t, "percent")}
		for _, d := range changes {
			for range rapid.IntRange(0, 2).Draw(t, "dates") {
				day := d.AddDate(0, 0, rapid.IntRange(-2, 4).Draw(t, "day"))
				h.Dates = append(h.Dates, parking.MakeLocalDate(day.Date()))
			}
		}
		tariff.Holidays = h
	}
	return tariff
}

func genStay(t *rapid.T) parking.QuoteRequest {
	in := rapid.SampledFrom(changes).Draw(t, "around").
		Add(time.Duration(rapid.IntRange(-36*3600, 36*3600).Draw(t, "in")) * time.Second)
	stay := rapid.OneOf(rapid.IntRange(0, 4*3600), rapid.IntRange(0, 4*24*3600)).Draw(t, "seconds")
	return parking.QuoteRequest{
		Class: parking.Car, In: in, Out: in.Add(time.Duration(stay) * time.Second),
		Lost:      rapid.Bool().Draw(t, "lost"),
		Discounts: rapid.SliceOfN(rapid.SampledFrom([]string{"PART", "SHOP"}), 0, 3).Draw(t, "discounts"),
	}
}

// Any tariff and stay: the fee is the sum of its lines, is not negative, is
// what the naive pricer says, and every line explains itself twice.
func TestQuoteAgreesWithNaivePricer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tariff, req := genTariff(rt), genStay(rt)
		if err := tariff.Validate(); err != nil {
			rt.Fatal(err)
		}
		q, err := tariff.Quote(req)
		if err != nil {
			rt.Fatal(err)
		}
		var sum parking.Money
		for _, l := range q.Lines {
			sum += l.Amount
			if l.Text.En == "" || l.Text.Vi == "" || l.Text.En == l.Text.Vi {
				rt.Fatalf("a line without both texts: %+v", l)
			}
		}
		if q.Fee != sum || q.Fee < 0 || q.Due != q.Fee {
			rt.Fatalf("fee %d, due %d, lines %+v", q.Fee, q.Due, q.Lines)
		}
		if want := naiveFee(t, tariff, req); q.Fee != want {
			rt.Fatalf("fee %d, the naive pricer says %d; lines %+v", q.Fee, want, q.Lines)
		}
	})
}

// By blocks without a cap and without holidays, who stays longer never pays
// less; nor by turns that no pair makes cheaper.
func TestQuoteGrowsWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tariff, req := genTariff(rt), genStay(rt)
		class := tariff.Classes[parking.Car]
		class.Cap, class.Together = nil, nil
		tariff.Classes[parking.Car] = class
		before, err := tariff.Quote(req)
		if err != nil {
			rt.Fatal(err)
		}
		req.Out = req.Out.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(rt, "longer")) * time.Second)
		later, err := tariff.Quote(req)
		if err != nil {
			rt.Fatal(err)
		}
		if later.Fee < before.Fee {
			rt.Fatalf("%d after %d minutes, %d after %d", before.Fee, before.Minutes, later.Fee, later.Minutes)
		}
	})
}

// Every half hour of 2027, in places whose clocks change, a motorbike comes
// in and stays for nothing, a minute, a window, a day, a day and a minute.
func TestWholeYearOfTurns(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Asia/Ho_Chi_Minh", "America/New_York", "Europe/London", "Australia/Lord_Howe"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			tariff := hanoi()
			tariff.Timezone = zone
			class := tariff.Classes[parking.Motorbike]
			// A boundary that New York's and Lord Howe's clocks skip and show twice.
			class.Turns = append(class.Turns[:1:1],
				parking.Turn{Name: "night", From: 18 * 60, To: 1*60 + 45, Price: 8000},
				parking.Turn{Name: "late", From: 1*60 + 45, To: 2*60 + 15, Price: 1000},
				parking.Turn{Name: "early", From: 2*60 + 15, To: 6 * 60, Price: 500})
			tariff.Classes[parking.Motorbike] = class
			start := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
			const days = 370
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			in, occurrences := naiveWalk(class, start.In(loc), days*24*60)
			for minute := 0; minute < (days-2)*24*60; minute += 30 {
				for _, stay := range []int{0, 1, 720, 1440, 1441} {
					at := start.Add(time.Duration(minute) * time.Minute)
					q, err := tariff.Quote(parking.QuoteRequest{Class: parking.Motorbike, In: at, Out: at.Add(time.Duration(stay) * time.Minute)})
					if err != nil {
						t.Fatal(err)
					}
					touched := occurrences[in[minute] : in[minute+max(stay, 1)-1]+1]
					if want := naiveTurnFee(tariff, class, touched); q.Fee != want {
						t.Fatalf("in %s for %d min: fee %d, want %d", at.In(loc), stay, q.Fee, want)
					}
				}
			}
		})
	}
}
