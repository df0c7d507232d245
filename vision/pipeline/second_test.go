package pipeline

import (
	"math"
	"strings"
	"testing"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline/ppocr"
	"gatehouse/vision/pipeline/spell"
)

// line is text as PP-OCRv4 reads it, each character as sure as the others.
func line(text string, confidence float64, box [4]int) ppocr.Line {
	l := ppocr.Line{Box: box}
	for _, r := range text {
		l.Characters = append(l.Characters, ppocr.Character{Text: string(r), Confidence: confidence})
	}
	return l
}

// Among the lines of a picture the plate is found: on one row or two, beside
// names and numbers that are none.
func TestTheLikeliestLinesAreThePlate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		country Country
		lines   []ppocr.Line
		want    parking.Plate
		rows    int
	}{
		{"one row", Vietnam, []ppocr.Line{line("51F-123.45", 0.97, [4]int{10, 10, 90, 20})}, "51F12345", 1},
		{"two rows, the lower one first", Vietnam, []ppocr.Line{
			line("456.78", 0.97, [4]int{10, 40, 60, 20}), line("29-B1", 0.97, [4]int{12, 12, 55, 20}),
		}, "29B145678", 2},
		{"beside a name and a telephone number", Vietnam, []ppocr.Line{
			line("HONDA", 0.99, [4]int{10, 0, 90, 30}), line("0912345678", 0.99, [4]int{0, 90, 90, 12}), line("30A-987.65", 0.9, [4]int{10, 50, 90, 20}),
		}, "30A98765", 1},
		{"rows that do not stand above each other", Vietnam, []ppocr.Line{
			line("29-B1", 0.97, [4]int{10, 10, 50, 20}), line("456.78", 0.97, [4]int{300, 40, 60, 20}),
		}, "", 0},
		{"a state's name above", AnyCountry, []ppocr.Line{
			line("FLORIDA", 0.99, [4]int{10, 5, 60, 10}), line("GHK5T2", 0.93, [4]int{5, 20, 80, 32}),
		}, "GHK5T2", 1},
		{"no text", Vietnam, nil, "", 0},
	} {
		got := likeliestLines(c.lines, c.country)
		if got.Plate != c.want || got.Lines != c.rows {
			t.Errorf("%s: %+v, want %s on %d rows", c.name, got, c.want, c.rows)
		}
	}
}

// Two readers that agree are believed more than either, two that do not less
// than the surer one; nothing changes what one alone has read.
func TestTwoReadersTogether(t *testing.T) {
	t.Parallel()
	reading := func(plate parking.Plate, confidence float64) vision.Reading {
		return vision.Reading{
			Outcome: vision.OutcomeUnsure, Plate: plate, Confidence: confidence,
			Candidates: []vision.Candidate{{Plate: plate, Confidence: confidence}},
		}
	}
	ours, same, other := reading("51F12345", 0.5), reading("51F12345", 0.8), reading("51F12346", 0.8)
	if got := together(ours, same); got.Plate != "51F12345" || got.Confidence != 0.9 || got.Candidates[0].Confidence != 0.9 {
		t.Errorf("agreeing: %+v", got)
	}
	got := together(ours, other)
	if got.Plate != "51F12346" || got.Confidence != 0.6 || len(got.Candidates) != 2 || got.Candidates[1].Plate != "51F12345" {
		t.Errorf("not agreeing: %+v", got)
	}
	if got := together(ours, vision.None()); got.Plate != ours.Plate || got.Confidence != 0.5 {
		t.Errorf("ours alone: %+v", got)
	}
	if got := together(vision.None(), other); got.Plate != other.Plate || got.Confidence != 0.8 {
		t.Errorf("theirs alone: %+v", got)
	}
}

// What PP-OCRv4 reads beside letters and digits is no letter of a plate, and a
// line without any is none.
func TestLettersOfLines(t *testing.T) {
	t.Parallel()
	rows := lettersOf(line("51f-1·京A", 0.9, [4]int{}), line("。。", 0.9, [4]int{}))
	if len(rows) != 1 || len(rows[0]) != 5 {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	var text strings.Builder
	for _, l := range rows[0] {
		best, sum := 0, 0.0
		for i, share := range l.shares {
			sum += share
			if share > l.shares[best] {
				best = i
			}
		}
		if math.Abs(sum-1) > 1e-9 || l.shares[best] != 0.9 {
			t.Errorf("shares come to %v, the best is %v", sum, l.shares[best])
		}
		text.WriteRune(spell.Alphabet[best])
	}
	if text.String() != "51F1A" {
		t.Errorf("letters %s", text.String())
	}
}
