package pipeline

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"gocv.io/x/gocv"

	"gatehouse/vision"
	"gatehouse/vision/pipeline/ppocr"
	"gatehouse/vision/pipeline/spell"
)

// secondReader is PP-OCRv4, asked about what our own networks do not believe
// enough: it reads the rows that they have found, and where that gives no plate,
// the whole picture.
type secondReader struct{ ocr *ppocr.Reader }

// secondSure is how much PP-OCRv4 has to believe of the rows, so that it need not
// look at the whole picture.
const secondSure = 0.9

// read reads a picture (BGR) a second time.
func (s *secondReader) read(bgr gocv.Mat, l *look, country Country) (vision.Reading, error) {
	var lines []ppocr.Line
	for _, corners := range l.rows {
		characters, err := s.ocr.Read(bgr, corners)
		if err != nil {
			return vision.None(), err
		}
		lines = append(lines, ppocr.Line{Characters: characters})
	}
	reading := vision.None()
	if rows := lettersOf(lines...); len(rows) == len(lines) && len(rows) > 0 {
		reading, _ = weigh(choice{rows: rows, left: 1}, &quad{p: 1}, country)
		reading.Box = l.reading.Box
	}
	if reading.Confidence >= secondSure || reading.Plate != "" && reading.Plate == l.reading.Plate {
		return reading, nil
	}
	all, err := s.ocr.Lines(bgr)
	if err != nil {
		return vision.None(), err
	}
	if whole := likeliestLines(all, country); whole.Confidence > reading.Confidence {
		return whole, nil
	}
	return reading, nil
}

// likeliestLines is the plate that is believed most among lines, each alone and
// with the one below it. What is written smaller than the rest of a picture's
// text, or has no digit, is rather a name.
func likeliestLines(lines []ppocr.Line, country Country) vision.Reading {
	slices.SortStableFunc(lines, func(a, b ppocr.Line) int { return cmp.Compare(a.Box[1], b.Box[1]) })
	highest := 1
	for _, l := range lines {
		highest = max(highest, l.Box[3])
	}
	best, bestScore := vision.None(), 0.0
	try := func(parts ...ppocr.Line) {
		rows := lettersOf(parts...)
		if len(rows) != len(parts) {
			return
		}
		reading, _ := weigh(choice{rows: rows, left: 1}, &quad{p: 1}, country)
		boxes := make([]textLine, len(parts))
		for i, p := range parts {
			boxes[i].box = p.Box
		}
		reading.Box = enclosing(boxes)
		score := reading.Confidence * math.Sqrt(float64(parts[0].Box[3])/float64(highest))
		if !strings.ContainsAny(string(reading.Plate), "0123456789") {
			score /= 4
		}
		if score > bestScore {
			best, bestScore = reading, score
		}
	}
	for i, line := range lines {
		try(line)
		for _, below := range lines[i+1:] {
			if isBelow(line.Box, below.Box) {
				try(line, below)
			}
		}
	}
	return best
}

// lettersOf are lines as rows of letters; what the networks do not tell apart
// (dots, dashes, small letters) is left out, and so is a line without any.
func lettersOf(lines ...ppocr.Line) [][]letter {
	var rows [][]letter
	for _, line := range lines {
		var row []letter
		for _, c := range line.Characters {
			k := slices.Index(spell.Alphabet, []rune(strings.ToUpper(c.Text) + " ")[0])
			if k < 0 {
				continue
			}
			sure := min(max(c.Confidence, 0.01), 0.999)
			l := letter{p: sure, shares: make([]float64, len(spell.Alphabet))}
			for i := range l.shares {
				l.shares[i] = (1 - sure) / float64(len(l.shares)-1)
			}
			l.shares[k] = sure
			row = append(row, l)
		}
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// together is what two readers believe: more where they agree, the surer one
// where they do not, and less than it says.
func together(ours, theirs vision.Reading) vision.Reading {
	switch {
	case theirs.Outcome == vision.OutcomeNone:
		return ours
	case ours.Outcome == vision.OutcomeNone:
		return theirs
	case ours.Plate == theirs.Plate:
		ours.Confidence = rounded(1 - (1-ours.Confidence)*(1-theirs.Confidence))
		ours.Candidates[0].Confidence = ours.Confidence
		return ours
	}
	first, other := ours, theirs
	if theirs.Confidence > ours.Confidence {
		first, other = theirs, ours
	}
	first.Confidence = rounded(first.Confidence * (1 - other.Confidence/2))
	first.Candidates[0].Confidence = first.Confidence
	for _, c := range other.Candidates[:1] {
		if !slices.ContainsFunc(first.Candidates, func(o vision.Candidate) bool { return o.Plate == c.Plate }) {
			first.Candidates = append(first.Candidates[:min(len(first.Candidates), 4)], c)
		}
	}
	slices.SortStableFunc(first.Candidates[1:], func(a, b vision.Candidate) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return first
}

func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }
