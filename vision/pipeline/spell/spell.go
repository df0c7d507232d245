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
	rank  float64 // Log, and how often such plates are met: the likeliest has the most
}

// Likely is how likely a spelling is among all, whatever their number of letters.
func (s *Spelling) Likely() float64 { return math.Exp(s.rank) }

const (
	// maxSpellings bounds what is kept at each letter: a plate's best spellings
	// differ in a few letters only.
	maxSpellings = 12
	// maxHere bounds the letters that are tried at one place.
	maxHere = 6
	// maxPatterns bounds the patterns that are spelled out.
	maxPatterns = 4
)

// spell returns the likeliest spellings that fit a pattern, the best first.
// shares holds, for each letter, the share of each letter of the alphabet.
func spell(shares [][]float64, pattern string) []Spelling {
	type partial struct {
		letters [maxLetters]uint8 // places in Alphabet
		log     float64
	}
	beam, next := []partial{{}}, make([]partial, 0, maxHere*maxSpellings)
	for i, share := range shares {
		next = next[:0]
		for _, k := range likeliest(share, pattern[i]) {
			more := math.Log(share[k])
			for _, s := range beam {
				s.letters[i], s.log = k, s.log+more
				next = append(next, s)
			}
		}
		slices.SortFunc(next, func(a, b partial) int { return cmp.Compare(b.log, a.log) })
		beam = append(beam[:0], next[:min(len(next), maxSpellings)]...)
	}
	out := make([]Spelling, len(beam))
	for i, s := range beam {
		plate := make([]rune, len(shares))
		for k := range plate {
			plate[k] = Alphabet[s.letters[k]]
		}
		out[i] = Spelling{Plate: parking.Plate(plate), Log: s.log}
	}
	return out
}

// maxLetters is more than any pattern has.
const maxLetters = 12

// leastShare is the share below which a letter was not seen.
const leastShare = 1e-4

// likeliest lists the letters that may stand at a place of a pattern and were
// seen, those with the greatest shares, by their places in Alphabet.
func likeliest(share []float64, place byte) []uint8 {
	var best [maxHere]uint8
	n := 0
	for _, k := range allowed[place] {
		if share[k] < leastShare || n == maxHere && share[k] <= share[best[maxHere-1]] {
			continue
		}
		n = min(n+1, maxHere)
		i := n - 1
		for ; i > 0 && share[best[i-1]] < share[k]; i-- {
			best[i] = best[i-1]
		}
		best[i] = k
	}
	return best[:n]
}

// allowed are the letters of places, by their places in Alphabet.
var allowed = func() map[byte][]uint8 {
	by := map[byte][]uint8{}
	for place, letters := range places {
		for _, r := range letters {
			by[place] = append(by[place], uint8(slices.Index(Alphabet, r))) //nolint:gosec // 37 letters
		}
	}
	return by
}()

// likely is a pattern and the logarithm of how often it is met.
type likely struct {
	pattern string
	log     float64
	most    float64 // no spelling ranks higher
}

// patternsFor lists the patterns that may spell these shares best.
func patternsFor(shares [][]float64, country Country, letters []int) []likely {
	var all []likely
	add := func(pattern string, log float64) {
		l := likely{pattern: pattern, log: log, most: log}
		for i, share := range shares {
			best := 0.0
			for _, k := range allowed[pattern[i]] {
				best = max(best, share[k])
			}
			if best < leastShare {
				return
			}
			l.most += math.Log(best)
		}
		all = append(all, l)
	}
	for _, pattern := range Patterns(country, letters) {
		switch {
		case country == AnyCountry:
			add(pattern, 0)
			for _, f := range formats[len(pattern)] {
				add(f.pattern, f.log)
			}
		case rare(pattern):
			add(pattern, math.Log(rarely))
		default:
			add(pattern, 0)
		}
	}
	slices.SortStableFunc(all, func(a, b likely) int { return cmp.Compare(b.most, a.most) })
	return all[:min(len(all), maxPatterns)]
}

// All tries the patterns and keeps what the grammar knows.
func All(shares [][]float64, country Country, letters []int) []Spelling {
	var all []Spelling
	for _, p := range patternsFor(shares, country, letters) {
		for _, s := range spell(shares, p.pattern) {
			s.rank = s.Log + p.log
			if country == AnyCountry || s.Plate.Known() {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b Spelling) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.Plate, b.Plate))
	})
	seen := map[parking.Plate]bool{}
	all = slices.DeleteFunc(all, func(s Spelling) bool {
		again := seen[s.Plate]
		seen[s.Plate] = true
		return again
	})
	return all[:min(len(all), maxSpellings)]
}

// Candidates turns spellings into what the guard sees, the likeliest first;
// belief is how far the site and the plate as a whole are believed. What the
// letters' shares give to all spellings is divided among them by how often such
// plates are met, too.
func Candidates(spellings []Spelling, belief func(parking.Plate) float64) []vision.Candidate {
	given, ranked := 0.0, 0.0
	for _, s := range spellings {
		given += math.Exp(s.Log)
		ranked += math.Exp(s.rank)
	}
	all := make([]vision.Candidate, 0, len(spellings))
	for _, s := range spellings {
		all = append(all, vision.Candidate{Plate: s.Plate, Confidence: round(given * math.Exp(s.rank) / ranked * belief(s.Plate))})
	}
	slices.SortStableFunc(all, func(a, b vision.Candidate) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return all[:min(len(all), maxCandidates)]
}

// maxCandidates is how many the guard is shown.
const maxCandidates = 5

func round(v float64) float64 { return math.Round(v*1000) / 1000 }
