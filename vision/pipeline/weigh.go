package pipeline

import (
	"math"
	"slices"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline/spell"
)

// choice is the letters of a plate as they may be meant: in their rows, without
// some that may be none.
type choice struct {
	rows [][]letter
	left float64 // what is left of the belief for each letter that was left out, or is weak
}

// doubtful is the certainty below which a letter may be none.
const doubtful = 0.6

// mostLeftOut is how many doubtful letters are left out together.
const mostLeftOut = 4

// choices are the rows as they are; without each letter that the reader is not
// sure of, and without what stands at the ends: a bolt, a border, a band; and
// without the most doubtful ones together.
func choices(all [][]letter) []choice {
	if len(all) == 0 {
		return nil
	}
	out := []choice{{rows: all, left: 1}}
	var doubted []float64
	for _, row := range all {
		for k := range row {
			if row[k].p < doubtful {
				doubted = append(doubted, row[k].p)
			} else if k != 0 && k != len(row)-1 {
				continue
			}
			out = appendChoice(out, without(all, func(l *letter) bool { return l == &row[k] }))
		}
	}
	slices.Sort(doubted)
	for i := 1; i < min(len(doubted), mostLeftOut); i++ {
		out = appendChoice(out, without(all, func(l *letter) bool { return l.p <= doubted[i] }))
	}
	return out
}

func appendChoice(all []choice, c choice) []choice {
	if len(c.rows) == 0 {
		return all
	}
	return append(all, c)
}

// without is what is left of the rows without some letters.
func without(all [][]letter, none func(*letter) bool) choice {
	c := choice{left: 1}
	for _, row := range all {
		var kept []letter
		for k := range row {
			if none(&row[k]) {
				c.left *= 1 - row[k].p
			} else {
				kept = append(kept, row[k])
			}
		}
		if len(kept) > 0 {
			c.rows = append(c.rows, kept)
		}
	}
	return c
}

// weigh reads a choice under the grammar: what is believed is the likeliest
// spelling's share, by how sure each letter is one. likely is to compare choices
// by: that, and under the plain grammar how often plates of such a form and length
// are met.
func weigh(c choice, q *quad, country spell.Country) (reading vision.Reading, likely float64) {
	var shares [][]float64
	perLine := make([]int, len(c.rows))
	certain := c.left
	for i, row := range c.rows {
		perLine[i] = len(row)
		for k := range row {
			shares = append(shares, row[k].shares)
			certain *= row[k].p
		}
	}
	if letterMissing(c.rows, country) {
		certain *= letterGone
	}
	spellings := spell.All(shares, country, perLine)
	if len(spellings) == 0 {
		return vision.None(), 0
	}
	believed := math.Pow(q.p, 0.5) * math.Pow(certain, 0.5)
	candidates := spell.Candidates(spellings, func(parking.Plate) float64 { return believed })
	first := candidates[0]
	reading = vision.Reading{
		Outcome: vision.OutcomeUnsure, Plate: first.Plate, Confidence: first.Confidence,
		Display: first.Plate.DisplayAs(len(c.rows), class(c.rows)), Lines: len(c.rows), Candidates: candidates,
	}
	if country == spell.AnyCountry {
		return reading, believed * spellings[0].Likely()
	}
	return reading, reading.Confidence
}

// Both rows of a Vietnamese plate stand in its middle. Where glare or dirt has
// taken the first or last letter of a row, what is left is half a pitch off, and may
// spell a plate all the same: 59-U1 438.68 without its 4 is an old plate of four
// digits.
const (
	mostOff    = 1.0 / 3 // how far rows of which nothing is missing may be apart, in pitches
	letterGone = 0.04    // what is left of the belief beyond that
)

// letterMissing says whether a letter must be missing at the end of a row.
func letterMissing(rows [][]letter, country spell.Country) bool {
	return country == spell.Vietnam && offCentre(rows)
}

// offCentre says whether the middles of two rows are so far apart that a letter
// must be missing at one end.
func offCentre(rows [][]letter) bool {
	if len(rows) != 2 {
		return false
	}
	var middle [2]float64
	pitch := 0.0
	for i, row := range rows {
		first, last := row[0], row[len(row)-1]
		middle[i] = (first.x - first.w/2 + last.x + last.w/2) / 2
		pitch = (last.x - first.x) / math.Max(1, float64(len(row)-1)) // the lower row's: it has no dash
	}
	return math.Abs(middle[1]-middle[0]) > mostOff*pitch
}

// class is the class of vehicle that the rows tell: on two rows, a car has three
// letters in the upper one (30A), a motorbike four or more (29-B1).
func class(rows [][]letter) parking.Class {
	switch {
	case len(rows) == 1:
		return ""
	case len(rows[0]) <= 3:
		return parking.Car
	default:
		return parking.Motorbike
	}
}
