package parking_test

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"gatehouse/parking"
)

// The second pricer: it walks a stay minute by minute with a calendar and a
// wall clock, as a patient person would, and knows nothing of runs of blocks,
// of spans of constant offset or of arithmetic with boundaries.

func roundHalfUp(n, by int64) int64 { return (2*n + by) / (2 * by) * by }

func naivePercent(m parking.Money, p int) parking.Money {
	return parking.Money(roundHalfUp(int64(m)*int64(p), 100) / 100)
}

func shown(t time.Time) (parking.LocalDate, int) {
	return parking.MakeLocalDate(t.Date()), t.Hour()*60 + t.Minute()
}

func naiveFee(t *testing.T, tariff *parking.Tariff, req parking.QuoteRequest) parking.Money {
	t.Helper()
	loc, err := time.LoadLocation(tariff.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	elapsed := 0
	for at := req.In.Add(time.Minute); !at.After(req.Out); at = at.Add(time.Minute) {
		elapsed++
	}
	class := tariff.Classes[req.Class]
	start := time.Unix(req.In.Unix()/60*60, 0).In(loc)
	var fee parking.Money
	switch {
	case tariff.Grace > 0 && elapsed <= int(tariff.Grace):
	case class.Blocks != nil:
		fee = naiveBlocks(tariff, class, start, elapsed)
	default:
		fee = naiveTurns(tariff, class, start, elapsed)
	}
	if req.Lost {
		fee += *class.LostTicket
	}
	used := map[string]bool{}
	for _, code := range req.Discounts {
		if used[code] {
			continue
		}
		used[code] = true
		d := tariff.Discounts[code]
		if d.Percent != nil {
			fee -= naivePercent(fee, *d.Percent)
		} else {
			fee -= min(fee, *d.Amount)
		}
	}
	return parking.Money(roundHalfUp(int64(fee), int64(tariff.Rounding)))
}

func isHoliday(tariff *parking.Tariff, d parking.LocalDate) bool {
	return tariff.Holidays != nil && slices.Contains(tariff.Holidays.Dates, d)
}

func naiveBlocks(tariff *parking.Tariff, class parking.ClassTariff, start time.Time, elapsed int) parking.Money {
	spent := map[int]parking.Money{}
	left := 0 // minutes of the running block
	for minute := 0; minute < max(elapsed, 1); minute++ {
		if left > 0 {
			left--
			continue
		}
		block := class.Blocks.Then
		if minute == 0 {
			block = class.Blocks.First
		}
		left = int(block.Length) - 1
		date, _ := shown(start.Add(time.Duration(minute) * time.Minute))
		price := block.Price
		if isHoliday(tariff, date) {
			price = naivePercent(price, tariff.Holidays.Percent)
		}
		span := minute / (24 * 60)
		if class.Cap != nil && class.Cap.Per == parking.PerCalendarDay {
			span = int(date)
		}
		spent[span] += price
	}
	var sum parking.Money
	for _, m := range spent {
		if class.Cap != nil {
			m = min(m, class.Cap.Price)
		}
		sum += m
	}
	return sum
}

// naiveOccurrence is a window on one date, found by walking.
type naiveOccurrence struct {
	turn parking.Turn
	date parking.LocalDate // shown when it began
}

// naiveWalk says for each of n minutes from start which occurrence it is in,
// as an index. What counts is the furthest that the clock has ever shown: a
// clock that goes back does not begin a window again.
func naiveWalk(class parking.ClassTariff, start time.Time, n int) ([]int, []naiveOccurrence) {
	const before = 4 * 24 * 60
	furthest, label := 0, 0
	var occurrences []naiveOccurrence
	var in []int
	for minute := -before; minute < n; minute++ {
		at := start.Add(time.Duration(minute) * time.Minute)
		date, clock := shown(at)
		furthest = max(furthest, int(date)*24*60+clock)
		day, clock := furthest/(24*60), furthest%(24*60)
		for i, w := range class.Turns {
			from, to := int(w.From), int(w.To)
			begun := day
			switch {
			case from < to && clock >= from && clock < to:
			case from >= to && clock >= from:
			case from >= to && clock < to:
				begun = day - 1
			default:
				continue
			}
			if id := begun*100 + i; len(occurrences) == 0 || id != label {
				label = id
				occurrences = append(occurrences, naiveOccurrence{turn: w, date: date})
			}
		}
		if minute >= 0 {
			in = append(in, len(occurrences)-1)
		}
	}
	return in, occurrences
}

func naiveTurns(tariff *parking.Tariff, class parking.ClassTariff, start time.Time, elapsed int) parking.Money {
	in, occurrences := naiveWalk(class, start, max(elapsed, 1))
	return naiveTurnFee(tariff, class, occurrences[in[0]:in[len(in)-1]+1])
}

func naiveTurnFee(tariff *parking.Tariff, class parking.ClassTariff, touched []naiveOccurrence) parking.Money {
	var sum parking.Money
	charge := func(price parking.Money, date parking.LocalDate) {
		if isHoliday(tariff, date) {
			price = naivePercent(price, tariff.Holidays.Percent)
		}
		sum += price
	}
	for i := 0; i < len(touched); i++ {
		price := touched[i].turn.Price
		date := touched[i].date
		if i+1 < len(touched) {
			a, b := touched[i].turn.Name, touched[i+1].turn.Name
			for _, pair := range class.Together {
				if pair.Of[0] == a && pair.Of[1] == b || pair.Of[0] == b && pair.Of[1] == a {
					price = pair.Price
					i++
					break
				}
			}
		}
		charge(price, date)
	}
	return sum
}
