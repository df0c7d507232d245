package pipeline

import (
	"cmp"
	"encoding/json"
	"flag"
	"math"
	"os"
	"slices"
	"testing"

	"gatehouse/vision"
)

var measure = flag.Bool("measure", false, "choose the operating point anew on ../shared and write operating.json")

// measuredSets are the real photographs that the operating point is of.
var measuredSets = []string{"vn", "vn_more", "vn_misc", "vn_crops_long", "vn_crops_small"}

const measureHow = "the threshold is the least confidence, in steps of 0.05, that lies at least 0.05 above every wrong reading " +
	"of the real photographs whose SHA-256 is even; the figures of the odd ones are those to believe"

// result is one picture's reading with its truth.
type result struct {
	photograph
	reading vision.Reading
}

func readAll(t *testing.T, pictures []photograph) []result {
	t.Helper()
	reader := newReader(t)
	results := make([]result, 0, len(pictures))
	for _, p := range pictures {
		reading, err := reader.Read(p.data, Vietnam)
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		results = append(results, result{p, reading})
	}
	return results
}

// TestOperatingPoint reads real photographs that the threshold was not chosen
// on and holds the pipeline to what operating.json states: no more wrong
// readings than there, and not fewer right ones by more than a few.
func TestOperatingPoint(t *testing.T) {
	point, err := loadOperatingPoint()
	if err != nil {
		t.Fatal(err)
	}
	if *measure {
		measureAnew(t)
		return
	}
	var pictures []photograph
	for _, p := range loadPhotographs(t, "vn", "vn_misc", "vn_crops_long", "vn_crops_small") {
		if p.odd {
			pictures = append(pictures, p)
		}
	}
	results := readAll(t, pictures)
	var took []int64
	for _, got := range figuresOf(results) {
		i := slices.IndexFunc(point.Odd, func(f Figures) bool { return f.Set == got.Set })
		if i < 0 {
			t.Fatalf("operating.json has no figures of %s", got.Set)
		}
		stated := point.Odd[i]
		t.Logf("%+v", got)
		if got.ReadWrong > stated.ReadWrong {
			t.Errorf("%s: %d pictures are read wrong, %d are stated", got.Set, got.ReadWrong, stated.ReadWrong)
		}
		if got.ReadRight+2 < stated.ReadRight || got.BestRight+2 < stated.BestRight || got.Pictures != stated.Pictures {
			t.Errorf("%s: %+v falls short of the stated %+v", got.Set, got, stated)
		}
	}
	for _, r := range results {
		took = append(took, r.reading.Ms)
		if r.reading.Outcome == vision.OutcomeRead && string(r.reading.Plate) != r.truth {
			t.Logf("%s is %s, read as %s (%.3f)", r.name, r.truth, r.reading.Plate, r.reading.Confidence)
		}
	}
	slices.Sort(took)
	t.Logf("median %d ms, 95 %% %d ms", took[len(took)/2], took[len(took)*95/100])
}

// measureAnew chooses the threshold on the even pictures and writes the file.
func measureAnew(t *testing.T) {
	results := readAll(t, loadPhotographs(t, measuredSets...))
	worst := 0.0
	for _, r := range results {
		if !r.odd && string(r.reading.Plate) != r.truth {
			worst = max(worst, r.reading.Confidence)
		}
	}
	threshold := math.Round(math.Ceil((worst+0.05)*20)/20*100) / 100
	point := OperatingPoint{
		Threshold: map[Country]float64{Vietnam: threshold},
		How:       measureHow,
		Command:   "go test ./vision/pipeline -run TestOperatingPoint -measure",
	}
	var even, odd []result
	for _, r := range results {
		if r.reading.Outcome != vision.OutcomeNone {
			r.reading.Outcome = vision.OutcomeUnsure
			if r.reading.Confidence >= threshold {
				r.reading.Outcome = vision.OutcomeRead
			}
		}
		if r.odd {
			odd = append(odd, r)
		} else {
			even = append(even, r)
		}
	}
	point.Even, point.Odd = figuresOf(even), figuresOf(odd)
	data, err := json.MarshalIndent(point, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("operating.json", append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func figuresOf(results []result) []Figures {
	bySet := map[string]*Figures{}
	for _, r := range results {
		if bySet[r.set] == nil {
			bySet[r.set] = &Figures{Set: r.set}
		}
		bySet[r.set].count(r.reading, r.truth)
	}
	var all []Figures
	for _, f := range bySet {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b Figures) int { return cmp.Compare(a.Set, b.Set) })
	return all
}
