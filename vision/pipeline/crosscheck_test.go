package pipeline

import (
	"image"
	"testing"
	"time"

	"github.com/otiai10/gosseract/v2"
	"gocv.io/x/gocv"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline/ppocr"
	"gatehouse/vision/pipeline/spell"
)

// TestTesseractAsCrossCheck measures what a second opinion of Tesseract on the rows
// that the networks found would be worth: of what is unsure, how much it confirms
// rightly and wrongly; of what is read, how much it doubts. It ran with -measure when
// the choice was made against it (vision/README.md), and asserts nothing.
func TestTesseractAsCrossCheck(t *testing.T) {
	if !*measure {
		t.Skip("a measurement: run it with -measure")
	}
	reader := newReader(t)
	client := gosseract.NewClient()
	defer func() { _ = client.Close() }()
	if err := client.SetPageSegMode(gosseract.PSM_SINGLE_LINE); err != nil {
		t.Fatal(err)
	}
	type tally struct{ same, other, silent int }
	counts := map[string]*tally{}
	var took time.Duration
	for _, p := range loadPhotographs(t, measuredSets...) {
		grey, err := gocv.IMDecode(p.data, gocv.IMReadGrayScale)
		if err != nil {
			t.Fatal(err)
		}
		best, err := reader.bestLook(grey, spell.Vietnam)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		theirs := tesseractOn(t, client, grey, best.rows)
		took += time.Since(began)
		_ = grey.Close()
		kind := "unsure"
		switch {
		case best.reading.Outcome == vision.OutcomeNone:
			continue
		case best.reading.Confidence >= reader.point.From(string(spell.Vietnam)):
			kind = "read"
		}
		if string(best.reading.Plate) == p.truth {
			kind += ", right"
		} else {
			kind += ", wrong"
		}
		if counts[kind] == nil {
			counts[kind] = &tally{}
		}
		switch {
		case theirs == best.reading.Plate:
			counts[kind].same++
		case theirs.Known():
			counts[kind].other++
		default:
			counts[kind].silent++
		}
	}
	for kind, c := range counts {
		t.Logf("%s: Tesseract says the same of %d, another plate of %d, none of %d", kind, c.same, c.other, c.silent)
	}
	t.Logf("in %s", took)
}

// tesseractOn reads rows one by one.
func tesseractOn(t *testing.T, client *gosseract.Client, grey gocv.Mat, rows [][4]ppocr.Point) parking.Plate {
	t.Helper()
	whole := ""
	for _, row := range rows {
		var corners [4]point
		for i, p := range row {
			corners[i] = point{p.X, p.Y}
		}
		q := quad{corners: corners, p: 1}
		c := crop(grey, &q)
		large := gocv.NewMat()
		gocv.Resize(c.Mat, &large, image.Point{}, 3, 3, gocv.InterpolationCubic)
		encoded, err := gocv.IMEncode(gocv.PNGFileExt, large)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.SetImageFromBytes(encoded.GetBytes()); err != nil {
			t.Fatal(err)
		}
		text, err := client.Text()
		if err != nil {
			t.Fatal(err)
		}
		whole += bareText(text)
		encoded.Close()
		_, _ = large.Close(), c.Close()
	}
	plate, err := parking.ParsePlate(whole)
	if err != nil {
		return ""
	}
	return plate
}
