// Package spell says which plates the letters of a picture may spell: readers
// give for each place the share of each letter, the plate grammar says which of
// them make a plate (plates.md §1).
package spell

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Country is the grammar that a site expects.
type Country string

// The grammars.
const (
	Vietnam    Country = "vn"
	AnyCountry Country = "any" // four to nine letters and digits
)

// alphabet are the letters and digits that are told apart. I, J, O, Q and W
// never occur in Vietnamese series but do elsewhere.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZĐ"

// Alphabet lists the letters and digits that are told apart; shares are in its
// order.
var Alphabet = []rune(alphabet)

// Letters that may stand at a place of a pattern.
var places = map[byte]string{
	'D': "0123456789",
	'L': "ABCDEFGHKLMNPRSTUVXYZ",
	'E': "MĐ", // with Đ: the electric motorbikes' MĐ and TĐ
	'A': "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}

// Fits says whether r may stand at a place of a pattern.
func Fits(place byte, r rune) bool { return strings.ContainsRune(places[place], r) }

// Patterns lists what lines with so many letters may hold: a byte for each place.
func Patterns(country Country, letters []int) []string {
	if country == AnyCountry {
		return anyPatterns(letters)
	}
	digits := func(n int) string { return strings.Repeat("D", n) }
	if len(letters) == 2 {
		if letters[1] != 4 && letters[1] != 5 {
			return nil
		}
		switch letters[0] {
		case 3:
			return []string{"DDL" + digits(letters[1])}
		case 4:
			return []string{"DDLD" + digits(letters[1]), "DDLL" + digits(letters[1]), "DDEE" + digits(letters[1])}
		case 5:
			return []string{"DDEED" + digits(letters[1])}
		}
		return nil
	}
	switch letters[0] {
	case 6:
		return []string{"LLDDDD"}
	case 7:
		return []string{"DDLDDDD"}
	case 8:
		return []string{"DDLDDDDD"}
	case 9:
		return []string{"DDLLDDDDD", "DDDDDLLDD"}
	}
	return nil
}

func anyPatterns(letters []int) []string {
	total := 0
	for _, n := range letters {
		total += n
	}
	if total < 4 || total > 9 {
		return nil
	}
	return []string{strings.Repeat("A", total)}
}

// Spelling is one way to read the letters of a plate.
type Spelling struct {
	Plate parking.Plate
	Log   float64 // sum of the logarithms of the letters' shares
}

// maxSpellings bounds what is kept at each letter: a plate's best spellings
// differ in a few letters only.
const maxSpellings = 12

// spell returns the likeliest spellings that fit a pattern, the best first.
// shares holds, for each letter, the share of each letter of the alphabet.
func spell(shares [][]float64, pattern string) []Spelling {
	beam := []Spelling{{}}
	for i, share := range shares {
		allowed := places[pattern[i]]
		var next []Spelling
		for k, r := range Alphabet {
			if share[k] < 1e-4 || !strings.ContainsRune(allowed, r) {
				continue
			}
			for _, s := range beam {
				next = append(next, Spelling{s.Plate + parking.Plate(r), s.Log + math.Log(share[k])})
			}
		}
		slices.SortFunc(next, func(a, b Spelling) int { return cmp.Compare(b.Log, a.Log) })
		beam = next[:min(len(next), maxSpellings)]
	}
	return beam
}

// All tries every pattern and keeps what the grammar knows.
func All(shares [][]float64, country Country, letters []int) []Spelling {
	var all []Spelling
	for _, pattern := range Patterns(country, letters) {
		for _, s := range spell(shares, pattern) {
			if country == AnyCountry || s.Plate.Known() {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b Spelling) int {
		return cmp.Or(cmp.Compare(b.Log, a.Log), cmp.Compare(a.Plate, b.Plate))
	})
	all = slices.CompactFunc(all, func(a, b Spelling) bool { return a.Plate == b.Plate })
	return all[:min(len(all), maxSpellings)]
}

// Candidates turns spellings into what the guard sees, the likeliest first;
// belief is how far the site and the plate as a whole are believed.
func Candidates(spellings []Spelling, belief func(parking.Plate) float64) []vision.Candidate {
	candidates := make([]vision.Candidate, 0, len(spellings))
	for _, s := range spellings {
		candidates = append(candidates, vision.Candidate{Plate: s.Plate, Confidence: round(math.Exp(s.Log) * belief(s.Plate))})
	}
	slices.SortStableFunc(candidates, func(a, b vision.Candidate) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return candidates[:min(len(candidates), maxCandidates)]
}

// maxCandidates is how many the guard is shown.
const maxCandidates = 5

func round(v float64) float64 { return math.Round(v*1000) / 1000 }
