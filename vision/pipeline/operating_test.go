package pipeline

import (
	"cmp"
	"encoding/json"
	"flag"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"gatehouse/vision"
	"gatehouse/vision/models"
	"gatehouse/vision/pipeline/ppocr"
	"gatehouse/vision/pipeline/spell"
)

var (
	secondFolder = flag.String("second", "", "with -measure: measure PP-OCRv4 of this folder as second reader, too")
	measure      = flag.Bool("measure", false, "choose the operating point anew on ../shared and write operating.json")
)

// measuredSets are the real photographs that the operating point is of.
var measuredSets = []string{"vn", "vn_more", "vn_misc", "vn_crops_long", "vn_crops_small"}

// mostWrong is the share of what is answered as read that may be wrong.
const mostWrong = 1.0 / 200

// apart is how far below the threshold what was read wrong, or where nothing is,
// stays.
const apart = 0.02

const measureHow = "the threshold is the least confidence at which, among the real photographs whose SHA-256 is even, at most 1 in 200 that " +
	"are answered as read is wrong, and what was read wrong there by a confidence below it, or in a thousand pictures without a plate, stays out by 0.02; " +
	"the figures of the odd ones are those to believe"

// result is one picture's reading with its truth.
type result struct {
	photograph
	reading vision.Reading
}

func readAll(t *testing.T, reader *Reader, pictures []photograph) []result {
	t.Helper()
	results := make([]result, 0, len(pictures))
	for _, p := range pictures {
		reading, err := reader.Read(p.data, spell.Vietnam)
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
	if *measure {
		measureAnew(t)
		return
	}
	reader := newReader(t)
	point := reader.point
	if reader.ink != nil {
		point = reader.ink.Point
	}
	var pictures []photograph
	for _, p := range loadPhotographs(t, "vn", "vn_misc", "vn_crops_long", "vn_crops_small") {
		if p.odd {
			pictures = append(pictures, p)
		}
	}
	results := readAll(t, reader, pictures)
	for _, got := range figuresOf(results) {
		i := slices.IndexFunc(point.Odd, func(f models.Figures) bool { return f.Set == got.Set })
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
	logWrong(t, results)
}

func logWrong(t *testing.T, results []result) {
	t.Helper()
	took := make([]int64, 0, len(results))
	for _, r := range results {
		took = append(took, r.reading.Ms)
		if string(r.reading.Plate) != r.truth {
			t.Logf("%s/%s is %s: %s %s (%.3f)", r.set, r.name, r.truth, r.reading.Outcome, r.reading.Plate, r.reading.Confidence)
		}
	}
	slices.Sort(took)
	t.Logf("median %d ms, 95 %% %d ms", took[len(took)/2], took[len(took)*95/100])
}

// choose is the least threshold at which few enough of the readings at or above
// it are wrong.
func choose(results []result) float64 {
	sorted := slices.Clone(results)
	slices.SortFunc(sorted, func(a, b result) int { return cmp.Compare(b.reading.Confidence, a.reading.Confidence) })
	threshold, wrong := 1.0, 0
	for i, r := range sorted {
		if string(r.reading.Plate) != r.truth {
			wrong++
		}
		next := 0.0
		if i+1 < len(sorted) {
			next = sorted[i+1].reading.Confidence
		}
		if float64(wrong) <= mostWrong*float64(i+1) && next < r.reading.Confidence {
			threshold = r.reading.Confidence
		}
	}
	for _, r := range sorted {
		if c := r.reading.Confidence; string(r.reading.Plate) != r.truth && c < threshold && c > threshold-apart {
			return math.Ceil((c+apart)*1000) / 1000
		}
	}
	return math.Ceil(threshold*1000) / 1000
}

// measureAnew chooses the threshold on the even pictures and writes the file.
func measureAnew(t *testing.T) {
	w, err := models.Unmeasured()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := withNetworks(time.Now, w)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	w.Point.How, w.Point.Command = measureHow, "go test ./vision/pipeline -run TestOperatingPoint -measure"
	t.Log("the networks alone")
	w.Point.Measured = measured(t, reader)
	if *secondFolder != "" {
		ocr, err := ppocr.New(*secondFolder)
		if err != nil {
			t.Fatal(err)
		}
		reader.second = &secondReader{ocr}
		t.Log("with PP-OCRv4 as second reader")
		second := measured(t, reader)
		w.Point.WithSecond = &second
		w.Point.Command += " -second FOLDER"
	}
	data, err := json.MarshalIndent(w.Point, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../models/weights/operating.json", append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// measured chooses a threshold and says what it gives. It lies above what any
// picture without a plate is believed.
func measured(t *testing.T, reader *Reader) models.Measured {
	t.Helper()
	var even, odd []result
	for _, r := range readAll(t, reader, loadPhotographs(t, measuredSets...)) {
		if r.odd {
			odd = append(odd, r)
		} else {
			even = append(even, r)
		}
	}
	_, most := readNothings(t, reader)
	threshold := max(choose(even), math.Ceil((most+apart)*1000)/1000)
	for _, results := range [][]result{even, odd} {
		for i := range results {
			if r := &results[i].reading; r.Outcome != vision.OutcomeNone && r.Confidence >= threshold {
				r.Outcome = vision.OutcomeRead
			}
		}
	}
	m := models.Measured{Threshold: map[string]float64{string(spell.Vietnam): threshold}, Even: figuresOf(even), Odd: figuresOf(odd)}
	t.Logf("threshold %v", threshold)
	for _, f := range m.Odd {
		t.Logf("%+v", f)
	}
	logWrong(t, append(even, odd...))
	return m
}

func figuresOf(results []result) []models.Figures {
	bySet := map[string]*models.Figures{}
	for _, r := range results {
		if bySet[r.set] == nil {
			bySet[r.set] = &models.Figures{Set: r.set}
		}
		count(bySet[r.set], r.reading, r.truth)
	}
	var all []models.Figures
	for _, f := range bySet {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b models.Figures) int { return cmp.Compare(a.Set, b.Set) })
	return all
}
