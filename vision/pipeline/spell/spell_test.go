package spell_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gatehouse/parking"
	"gatehouse/vision/pipeline/spell"
)

// clear are the shares of letters that are seen well, doubt of each going to
// another letter.
func clear(letters []rune, doubt float64, other func(i int) rune) [][]float64 {
	var all [][]float64
	for i, r := range letters {
		shares := make([]float64, len(spell.Alphabet))
		shares[slices.Index(spell.Alphabet, r)] = 1 - doubt
		shares[slices.Index(spell.Alphabet, other(i))] += doubt
		all = append(all, shares)
	}
	return all
}

// Plates as the grammar of plates.md shows them, a slash between the rows.
func TestPlatesAreSpelled(t *testing.T) {
	t.Parallel()
	for _, written := range []string{
		"30A-123.45", "29A-1234", "30A/123.45", "29A/1234", "29-AA/123.45", "29-B1/123.45", "53-R9/0844", "29-MĐ1/123.45", "29-MĐ/123.45",
		"30LD-123.45", "30LD/123.45", "51TĐ-123.45", "80-441-NG-02", "80-NG/441-02", "TM-1234", "TM/1234", "QA-12345", "80B-123.45",
	} {
		want, err := parking.ParsePlate(strings.ReplaceAll(written, "/", ""))
		if err != nil {
			t.Fatal(err)
		}
		var rows []int
		var letters []rune
		for row := range strings.SplitSeq(written, "/") {
			n := len(letters)
			for _, r := range row {
				if slices.Contains(spell.Alphabet, r) {
					letters = append(letters, r)
				}
			}
			rows = append(rows, len(letters)-n)
		}
		got := spell.All(clear(letters, 0, func(int) rune { return 'A' }), spell.Vietnam, rows)
		if len(got) == 0 || got[0].Plate != want {
			t.Errorf("%s is spelled %v", written, got)
		}
	}
}

// What no plate can be is not spelled, and the grammar decides between letters
// that look alike: a letter where a letter must stand, a digit where a digit.
func TestTheGrammarDecides(t *testing.T) {
	t.Parallel()
	alike := map[rune]rune{'8': 'B', '0': 'D', '1': 'L', '5': 'S', '2': 'Z', '4': 'A', 'B': '8', 'D': '0', 'L': '1', 'S': '5', 'Z': '2', 'A': '4'}
	other := func(letters []rune) func(int) rune {
		return func(i int) rune {
			if r, ok := alike[letters[i]]; ok {
				return r
			}
			return letters[i]
		}
	}
	letters := []rune("51B82045")
	got := spell.All(clear(letters, 0.7, other(letters)), spell.Vietnam, []int{8}) // each letter rather looks like its twin
	if len(got) == 0 || got[0].Plate != "51B82045" {
		t.Errorf("spelled %v", got)
	}
	if got := spell.All(clear([]rune("EXIT"), 0, func(int) rune { return 'A' }), spell.Vietnam, []int{4}); len(got) != 0 {
		t.Errorf("a sign is spelled %v", got)
	}
	if got := spell.All(clear([]rune("42A12345"), 0, func(int) rune { return '4' }), spell.Vietnam, []int{8}); len(got) != 0 {
		t.Errorf("a province that is none is spelled %v", got)
	}
	if got := spell.All(clear([]rune("IM4U2B"), 0, func(int) rune { return 'A' }), spell.AnyCountry, []int{6}); len(got) == 0 || got[0].Plate != "IM4U2B" {
		t.Errorf("elsewhere it is spelled %v", got)
	}
}

// Under the plain grammar what the world's cars have decides between letters that
// look alike, and nothing else: a number of no format that is seen well stays.
func TestFormatsDecideBetweenLettersThatLookAlike(t *testing.T) {
	t.Parallel()
	twins := map[rune]rune{'0': 'O', '1': 'I', '8': 'B', 'O': '0', 'I': '1', 'B': '8'}
	for _, c := range []struct {
		seen  string // what each letter rather looks like
		doubt float64
		want  parking.Plate
	}{
		{"ABCI23O", 0.3, "ABC1230"}, // Brazil, Texas, New York
		{"8ABCI23", 0.3, "8ABC123"}, // California
		{"ABO1CDE", 0.3, "AB01CDE"}, // Britain
		{"ML0C2S", 0, "ML0C2S"},
		{"IM4U2B", 0.02, "IM4U2B"}, // somebody's own choice
		{"BOOKI", 0.02, "BOOKI"},
	} {
		letters := []rune(c.seen)
		got := spell.All(clear(letters, c.doubt, func(i int) rune {
			if r, ok := twins[letters[i]]; ok {
				return r
			}
			return letters[i]
		}), spell.AnyCountry, []int{len(letters)})
		if len(got) == 0 || got[0].Plate != c.want {
			t.Errorf("%s is spelled %v, want %s", c.seen, got, c.want)
		}
	}
}

// Whatever the shares: spellings are plates of the grammar, each once, the
// likeliest first (a rare one needs to be much likelier), and no share is counted that was not given.
func TestSpellings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := [][]int{{6}, {7}, {8}, {9}, {3, 5}, {4, 5}, {4, 4}, {5, 5}, {12}, {1, 1}}[rapid.IntRange(0, 9).Draw(t, "rows")]
		n := 0
		for _, r := range rows {
			n += r
		}
		var shares [][]float64
		for range n {
			of := make([]float64, len(spell.Alphabet))
			for range rapid.IntRange(1, 4).Draw(t, "kinds") {
				of[rapid.IntRange(0, len(of)-1).Draw(t, "letter")] = rapid.Float64Range(0.01, 1).Draw(t, "share")
			}
			shares = append(shares, of)
		}
		got := spell.All(shares, spell.Vietnam, rows)
		for i, s := range got {
			if !s.Plate.Known() || i > 0 && s.Log > got[i-1].Log+4 || slices.ContainsFunc(got[:i], func(o spell.Spelling) bool { return o.Plate == s.Plate }) {
				t.Fatalf("%d: %+v of %+v", i, s, got)
			}
			for k, r := range []rune(string(s.Plate)) {
				if shares[k][slices.Index(spell.Alphabet, r)] == 0 {
					t.Fatalf("%s has a letter that nobody saw", s.Plate)
				}
			}
		}
	})
}
