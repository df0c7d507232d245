package ppocr

import (
	"image"
	"math"
	"testing"

	"gatehouse/parking"
)

func TestAFolderWithoutItIsASentence(t *testing.T) {
	t.Parallel()
	if _, err := New(t.TempDir()); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("an empty folder: %v", err)
	}
}

// A character that goes on is one, a pause between makes two of it.
func TestCharactersOfSteps(t *testing.T) {
	t.Parallel()
	r := &Reader{keys: []string{"", "A", "1", " "}}
	step := func(class int, p float32) []float32 {
		v := []float32{0, 0, 0, 0}
		v[class] = p
		return v
	}
	var steps []float32
	for _, s := range [][]float32{step(0, 1), step(1, 0.5), step(1, 0.9), step(0, 1), step(1, 0.75), step(2, 0.25), step(2, 0.9), step(3, 1)} {
		steps = append(steps, s...)
	}
	l := Line{Characters: r.characters(steps)}
	if l.Text() != "AA1 " || math.Abs(l.Confidence()-(0.5+0.75+0.25+1)/4) > 1e-9 {
		t.Errorf("%q, %v", l.Text(), l.Confidence())
	}
	if l := (Line{}); l.Text() != "" || l.Confidence() != 0 {
		t.Errorf("nothing: %q, %v", l.Text(), l.Confidence())
	}
}

// Corners in any order become upright; an area grows as much as PaddleOCR's does.
func TestAreas(t *testing.T) {
	t.Parallel()
	a := upright([]image.Point{{100, 30}, {0, 30}, {0, 10}, {100, 10}})
	if a.corners != [4]Point{{0, 10}, {100, 10}, {100, 30}, {0, 30}} {
		t.Fatalf("corners %v", a.corners)
	}
	if !a.holds(Point{50, 20}) || !a.holds(Point{0, 10}) || a.holds(Point{50, 31}) || a.holds(Point{-1, 20}) {
		t.Error("what lies in it")
	}
	a.widen() // by 100·20·1.5 / 240
	want := 12.5
	if c := a.corners; math.Abs(c[0].X+want) > 1e-9 || math.Abs(c[0].Y-(10-want)) > 1e-9 || math.Abs(c[2].X-(100+want)) > 1e-9 || math.Abs(c[2].Y-(30+want)) > 1e-9 {
		t.Errorf("grown: %v", c)
	}
}

// The finder's answer becomes areas: what is faint, or a speck, is none.
func TestAreasOfAnAnswer(t *testing.T) {
	t.Parallel()
	heat := make([]float32, side*side)
	fill := func(x0, y0, x1, y1 int, v float32) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				heat[y*side+x] = v
			}
		}
	}
	fill(100, 100, 300, 140, 0.9) // a line
	fill(100, 200, 300, 240, 0.4) // too faint
	fill(400, 400, 402, 402, 0.9) // a speck
	got, err := areas(heat, image.Pt(side, 480), 2)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	// 200×40 pixels, 25 more to each side, at half the size.
	if b := got[0].box(); b[0] < 36 || b[0] > 39 || b[1] < 36 || b[1] > 39 || b[2] < 122 || b[2] > 127 || b[3] < 42 || b[3] > 47 {
		t.Errorf("box %v", b)
	}
}
