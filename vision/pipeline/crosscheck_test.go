package pipeline

import (
	"image"
	"strings"
	"testing"
	"time"

	"github.com/otiai10/gosseract/v2"
	"gocv.io/x/gocv"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline/ppocr"
	"gatehouse/vision/pipeline/spell"
)

// BenchmarkTesseractAsCrossCheck measures what a second opinion of Tesseract on the
// rows that the networks found would be worth: of what is unsure, how much it confirms
// rightly and wrongly; of what is read, how much it doubts (vision/README.md).
func BenchmarkTesseractAsCrossCheck(b *testing.B) {
	for b.Loop() {
		crossCheck(b)
	}
}

func crossCheck(b *testing.B) {
	b.Helper()
	reader := newReader(b)
	client := gosseract.NewClient()
	defer func() { _ = client.Close() }()
	if err := client.SetPageSegMode(gosseract.PSM_SINGLE_LINE); err != nil {
		b.Fatal(err)
	}
	type tally struct{ same, other, silent int }
	counts, n := map[string]*tally{}, 0
	var took time.Duration
	for _, p := range loadPhotographs(b, measuredSets...) {
		grey, err := gocv.IMDecode(p.data, gocv.IMReadGrayScale)
		if err != nil {
			b.Fatal(err)
		}
		best, err := reader.bestLook(grey, spell.Vietnam)
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		theirs := tesseractOn(b, client, grey, best.rows)
		took += time.Since(began)
		n++
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
		name := strings.ReplaceAll(kind, ", ", "-")
		b.ReportMetric(float64(c.same), name+"-same")
		b.ReportMetric(float64(c.other), name+"-other")
		b.ReportMetric(float64(c.silent), name+"-none")
	}
	b.ReportMetric(float64(took.Milliseconds())/float64(n), "ms/picture")
}

// tesseractOn reads rows one by one.
func tesseractOn(t testing.TB, client *gosseract.Client, grey gocv.Mat, rows [][4]ppocr.Point) parking.Plate {
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
