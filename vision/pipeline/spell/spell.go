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

// Letters that may stand at a place of a pattern. Which of them really make a
// plate the grammar says (parking.Plate.Known).
var places = map[byte]string{
	'D': "0123456789",
	'L': "ABCDEFGHKLMNPRSTUVXYZ",      // of a series
	'S': "ABCDEFGHKLMNPQRSTUVXYZĐ",    // of a special series: MĐ, TĐ, QT
	'M': "ABCDEFGHIJKLMNOPQRSTUVWXYZ", // of the army
	'A': "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}

// rarely is how much less often than a car's or a motorbike's a plate of the
// army, of diplomats or of a special series is met: letters that are not seen
// well are rather those of a common one.
const rarely = 0.02

func rare(pattern string) bool { return strings.ContainsAny(pattern, "MS") }

// Fits says whether r may stand at a place of a pattern.
func Fits(place byte, r rune) bool { return strings.ContainsRune(places[place], r) }

// Patterns lists what lines with so many letters may hold: a byte for each place.
func Patterns(country Country, letters []int) []string {
	if country == AnyCountry {
		return anyPatterns(letters)
	}
	if len(letters) == 2 {
		return twoRows[[2]int{letters[0], letters[1]}]
	}
	return oneRow[letters[0]]
}

// oneRow lists what a row of so many letters may hold in Vietnam: cars, special
// series, the army, diplomats.
var oneRow = map[int][]string{
	5:  {"MMDDD"},
	6:  {"MMDDDD"},
	7:  {"DDLDDDD", "MMDDDDD"},
	8:  {"DDLDDDDD", "DDSSDDDD", "MMDDDDDD"},
	9:  {"DDSSDDDDD", "DDDDDSSDD"},
	10: {"DDDDDSSDDD", "DDSSDDDDDD"},
}

// twoRows lists what two rows may hold, by their numbers of letters.
var twoRows = map[[2]int][]string{
	{2, 4}: {"MMDDDD"},
	{2, 5}: {"MMDDDDD"},
	{3, 4}: {"DDLDDDD"},
	{3, 5}: {"DDLDDDDD"},
	{4, 4}: {"DDLDDDDD", "DDSSDDDD"},
	{4, 5}: {"DDLDDDDDD", "DDSSDDDDD"},
	{5, 4}: {"DDSSDDDDD"},
	{5, 5}: {"DDSSDDDDDD"},
	{4, 6}: {"DDSSDDDDDD"}, // diplomats, the code below
	{5, 3}: {"DDDDDSSD"},
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
	rank  float64 // Log, less for what is rare: the likeliest has the most
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
				next = append(next, Spelling{Plate: s.Plate + parking.Plate(r), Log: s.Log + math.Log(share[k])})
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
			s.rank = s.Log
			if rare(pattern) {
				s.rank += math.Log(rarely)
			}
			if country == AnyCountry || s.Plate.Known() {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b Spelling) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.Plate, b.Plate))
	})
	all = slices.CompactFunc(all, func(a, b Spelling) bool { return a.Plate == b.Plate })
	return all[:min(len(all), maxSpellings)]
}

// Candidates turns spellings into what the guard sees, the likeliest first;
// belief is how far the site and the plate as a whole are believed.
func Candidates(spellings []Spelling, belief func(parking.Plate) float64) []vision.Candidate {
	type weighed struct {
		vision.Candidate
		rank float64
	}
	all := make([]weighed, 0, len(spellings))
	for _, s := range spellings {
		b := belief(s.Plate)
		all = append(all, weighed{vision.Candidate{Plate: s.Plate, Confidence: round(math.Exp(s.Log) * b)}, math.Exp(s.rank) * b})
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.rank, a.rank) })
	candidates := make([]vision.Candidate, 0, maxCandidates)
	for _, w := range all[:min(len(all), maxCandidates)] {
		candidates = append(candidates, w.Candidate)
	}
	return candidates
}

// maxCandidates is how many the guard is shown.
const maxCandidates = 5

func round(v float64) float64 { return math.Round(v*1000) / 1000 }
