package pipeline

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

// Letters that may stand at a place of a pattern.
var places = map[byte]string{
	'D': "0123456789",
	'L': "ABCDEFGHKLMNPRSTUVXYZ",
	'E': "MĐ", // with Đ: the electric motorbikes' MĐ and TĐ
	'A': "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}

// patterns lists what the lines of a plate may hold.
func patterns(country Country, letters []int) []string {
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

// spelling is one way to read the letters of a site.
type spelling struct {
	plate parking.Plate
	log   float64 // sum of the logarithms of the letters' shares
}

// maxSpellings bounds what is kept at each letter: a plate's best spellings
// differ in a few letters only.
const maxSpellings = 12

// spell returns the likeliest spellings that fit a pattern, the best first.
// shares holds, for each letter, the share of each letter of the alphabet.
func spell(shares [][]float64, pattern string) []spelling {
	beam := []spelling{{}}
	for i, share := range shares {
		allowed := places[pattern[i]]
		var next []spelling
		for k, r := range alphabetRunes {
			if share[k] < 1e-4 || !strings.ContainsRune(allowed, r) {
				continue
			}
			for _, s := range beam {
				next = append(next, spelling{s.plate + parking.Plate(r), s.log + math.Log(share[k])})
			}
		}
		slices.SortFunc(next, func(a, b spelling) int { return cmp.Compare(b.log, a.log) })
		beam = next[:min(len(next), maxSpellings)]
	}
	return beam
}

// spellAll tries every pattern and keeps what the grammar knows.
func spellAll(shares [][]float64, country Country, letters []int) []spelling {
	var all []spelling
	for _, pattern := range patterns(country, letters) {
		for _, s := range spell(shares, pattern) {
			if country == AnyCountry || s.plate.Known() {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b spelling) int {
		return cmp.Or(cmp.Compare(b.log, a.log), cmp.Compare(a.plate, b.plate))
	})
	all = slices.CompactFunc(all, func(a, b spelling) bool { return a.plate == b.plate })
	return all[:min(len(all), maxSpellings)]
}

// toCandidates turns spellings into what the guard sees, the likeliest first;
// belief is how far the site and the plate as a whole are believed.
func toCandidates(spellings []spelling, belief func(parking.Plate) float64) []vision.Candidate {
	candidates := make([]vision.Candidate, 0, len(spellings))
	for _, s := range spellings {
		candidates = append(candidates, vision.Candidate{Plate: s.plate, Confidence: round(math.Exp(s.log) * belief(s.plate))})
	}
	slices.SortStableFunc(candidates, func(a, b vision.Candidate) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return candidates[:min(len(candidates), maxCandidates)]
}

// maxCandidates is how many the guard is shown.
const maxCandidates = 5

func round(v float64) float64 { return math.Round(v*1000) / 1000 }
