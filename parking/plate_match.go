package parking

import (
	"cmp"
	"slices"
)

// Costs of PlateDistance, in tenths of a whole edit.
const (
	// PlateEditCost is a letter too many, one missing, or one for another.
	PlateEditCost = 10
	// PlateConfusableCost is a letter taken for one that looks like it.
	PlateConfusableCost = 3
	// plateStrokeCost is D for Đ: many keyboards and readers have no Đ.
	plateStrokeCost = 1
	// PlateLikelyDistance is up to where two plates are likely the same one
	// read badly: two confusable letters, or one wrong letter.
	PlateLikelyDistance = 10
)

// confusable gives each letter the group of letters that look like it. The
// groups do not overlap, so that the distance keeps the triangle inequality.
var confusable = func() map[rune]int {
	groups := map[rune]int{}
	for i, group := range []string{"0ODQĐ", "1IL", "2Z", "5S", "6G", "8B", "4A", "7T"} {
		for _, r := range group {
			groups[r] = i + 1
		}
	}
	return groups
}()

// replaceCost returns what it costs that a was taken for b.
func replaceCost(a, b rune) int {
	switch {
	case a == b:
		return 0
	case a == 'D' && b == 'Đ' || a == 'Đ' && b == 'D':
		return plateStrokeCost
	case confusable[a] != 0 && confusable[a] == confusable[b]:
		return PlateConfusableCost
	default:
		return PlateEditCost
	}
}

// PlateDistance is the weighted edit distance between two plates, in tenths
// of a whole edit: 0 for equal plates, PlateConfusableCost for each letter
// taken for one that looks like it (0 O D Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, 4 A,
// 7 T), less for D and Đ, PlateEditCost for every other edit. It is symmetric
// and keeps the triangle inequality.
func PlateDistance(a, b Plate) int {
	from, to := []rune(string(a)), []rune(string(b))
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j * PlateEditCost
	}
	for i, f := range from {
		diagonal := row[0]
		row[0] = (i + 1) * PlateEditCost
		for j, t := range to {
			best := min(diagonal+replaceCost(f, t), row[j]+PlateEditCost, row[j+1]+PlateEditCost)
			diagonal, row[j+1] = row[j+1], best
		}
	}
	return row[len(to)]
}

// RankedPlate is a plate of a list with its distance from the one looked for.
type RankedPlate struct {
	Index    int // position in the list that was ranked
	Plate    Plate
	Distance int // PlateDistance, tenths of an edit
}

// RankPlates orders the plates that are inside by their likeness to the one
// that was read, the likeliest first, equal ones in the order given, and
// returns at most limit of them (all when limit is 0 or less).
func RankPlates(read Plate, inside []Plate, limit int) []RankedPlate {
	ranked := make([]RankedPlate, len(inside))
	for i, p := range inside {
		ranked[i] = RankedPlate{Index: i, Plate: p, Distance: PlateDistance(read, p)}
	}
	slices.SortStableFunc(ranked, func(a, b RankedPlate) int { return cmp.Compare(a.Distance, b.Distance) })
	if limit > 0 && len(ranked) > limit {
		ranked = ranked[:limit]
	}
	return ranked
}
