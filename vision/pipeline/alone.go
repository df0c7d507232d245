package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/otiai10/gosseract/v2"

	"gatehouse/parking"
	"gatehouse/vision"
)

// TesseractAlone reads a plate by giving Tesseract the whole picture and taking
// the text that looks most like a plate: what one gets without this package, to
// compare with (vision bench). It has no operating point: whatever it answers, it
// says is read. It is not safe for several goroutines.
type TesseractAlone struct {
	client *gosseract.Client
	now    func() time.Time
}

// NewTesseractAlone makes one; now is the clock by which it states how long it
// took.
func NewTesseractAlone(now func() time.Time) (*TesseractAlone, error) {
	client := gosseract.NewClient()
	err := client.SetVariable(gosseract.DEBUG_FILE, "/dev/null")
	if err == nil {
		err = client.SetPageSegMode(gosseract.PSM_SPARSE_TEXT)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up Tesseract: %w", err), client.Close())
	}
	return &TesseractAlone{client, now}, nil
}

// Close frees what Tesseract holds.
func (a *TesseractAlone) Close() error { return a.client.Close() }

// Read reads one picture file, as Reader.Read does.
func (a *TesseractAlone) Read(data []byte, country Country) (vision.Reading, error) {
	began := a.now()
	if err := vision.CheckPicture(data); err != nil {
		return vision.None(), err
	}
	if err := a.client.SetImageFromBytes(data); err != nil {
		return vision.None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	boxes, err := a.client.GetBoundingBoxes(gosseract.RIL_TEXTLINE)
	if err != nil {
		return vision.None(), fmt.Errorf("read a picture with Tesseract: %w", err)
	}
	lines := make([]textLine, 0, len(boxes))
	for _, b := range boxes {
		lines = append(lines, textLine{b.Word, b.Confidence / 100, [4]int{b.Box.Min.X, b.Box.Min.Y, b.Box.Dx(), b.Box.Dy()}})
	}
	reading := likeliest(lines, country)
	reading.Ms = a.now().Sub(began).Milliseconds()
	return reading, nil
}

// textLine is a line of text that an engine has found on a picture.
type textLine struct {
	text       string
	confidence float64 // 0..1
	box        [4]int  // x, y, width, height in pixels
}

// likeliest is the text that looks most like a plate, among the lines and each
// line with the one below it: one that the grammar knows before one that has
// merely the length of a plate, then the surer one.
func likeliest(lines []textLine, country Country) vision.Reading {
	slices.SortStableFunc(lines, func(a, b textLine) int { return cmp.Compare(a.box[1], b.box[1]) })
	best, bestScore := vision.None(), 0.0
	try := func(parts ...textLine) {
		text, confidence := "", 0.0
		for _, p := range parts {
			text += bareText(p.text)
			confidence += p.confidence / float64(len(parts))
		}
		plate, err := parking.ParsePlate(text)
		if err != nil || len(plate) < 4 || len(plate) > 10 {
			return
		}
		score := confidence
		if country == Vietnam && plate.Known() || country != Vietnam && len(plate) >= 5 && len(plate) <= 8 {
			score++
		}
		if score > bestScore {
			bestScore = score
			confidence = min(max(confidence, 0), 1)
			best = vision.Reading{
				Outcome: vision.OutcomeRead, Plate: plate, Display: plate.Display(), Confidence: confidence, Lines: len(parts),
				Box: enclosing(parts), Candidates: []vision.Candidate{{Plate: plate, Confidence: confidence}},
			}
		}
	}
	for i, line := range lines {
		try(line)
		for _, below := range lines[i+1:] {
			if isBelow(line.box, below.box) {
				try(line, below)
			}
		}
	}
	return best
}

// isBelow says whether a line stands right under another, as the second line of
// a plate does.
func isBelow(upper, lower [4]int) bool {
	gap := lower[1] - (upper[1] + upper[3]/2)
	overlap := min(upper[0]+upper[2], lower[0]+lower[2]) - max(upper[0], lower[0])
	return gap > 0 && lower[1] < upper[1]+2*upper[3] && overlap > min(upper[2], lower[2])/2
}

// enclosing is the box that holds the lines.
func enclosing(lines []textLine) [4]int {
	box := lines[0].box
	for _, l := range lines[1:] {
		right, bottom := max(box[0]+box[2], l.box[0]+l.box[2]), max(box[1]+box[3], l.box[1]+l.box[3])
		box[0], box[1] = min(box[0], l.box[0]), min(box[1], l.box[1])
		box[2], box[3] = right-box[0], bottom-box[1]
	}
	return box
}

// bareText leaves letters and digits, in upper case.
func bareText(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToUpper(text))
}
