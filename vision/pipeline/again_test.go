package pipeline

import (
	"math"
	"testing"
)

// upright is a crop that is the picture itself.
var upright = &cropped{toPicture: [9]float64{1, 0, 0, 0, 1, 0, 0, 0, 1}}

// lettersAt are letters of a height in a row that climbs by slope from (x, y).
func lettersAt(n int, x, y, height, slope, p float64) []letter {
	var out []letter
	for i := range n {
		at := x + float64(i)*0.8*height
		out = append(out, letter{x: at, y: y + slope*(at-x), w: 0.5 * height, h: height, p: p})
	}
	return out
}

// A second look goes through the quad that the letters tell: around all rows, as
// they lean, without what is doubtful.
func TestASecondLookFollowsTheLetters(t *testing.T) {
	t.Parallel()
	q := &quad{corners: [4]point{{0, 0}, {192, 0}, {192, 96}, {0, 96}}, p: 0.7}
	letters := append(lettersAt(4, 60, 30, 20, 0.1, 0.9), lettersAt(5, 55, 60, 20, 0.1, 0.9)...)
	letters = append(letters, letter{x: 185, y: 90, w: 6, h: 20, p: 0.3}) // a bolt
	looks := again(q, letters, upright)
	if len(looks) != 2 {
		t.Fatalf("%d looks", len(looks))
	}
	wide, fitted := looks[0], looks[1]
	if w, h := wide.sides(); math.Abs(w-192*wider) > 1e-9 || math.Abs(h-96*wider) > 1e-9 || wide.p != q.p {
		t.Errorf("the wider look: %+v", wide)
	}
	c := fitted.corners
	if slope := (c[1].y - c[0].y) / (c[1].x - c[0].x); math.Abs(slope-0.1) > 0.01 {
		t.Errorf("it leans by %v", slope)
	}
	for _, l := range letters[:9] {
		if l.x-l.w/2 < c[0].x || l.x+l.w/2 > c[1].x || l.y-l.h/2 < c[0].y+0.1*(l.x-c[0].x)-1e-9 || l.y+l.h/2 > c[3].y+0.1*(l.x-c[3].x)+1e-9 {
			t.Errorf("the letter at %v, %v is not in %v", l.x, l.y, c)
		}
	}
	if c[1].x > 170 {
		t.Errorf("the bolt is in it: %v", c)
	}
	if looks := again(q, letters[:3], upright); len(looks) != 1 {
		t.Errorf("three letters tell where the plate is: %v", looks)
	}
}

// Rows are where their letters are, or, of a plate whose letters were not seen,
// where its shape has them.
func TestRowsOfAPlate(t *testing.T) {
	t.Parallel()
	tall := &quad{corners: [4]point{{0, 0}, {100, 0}, {100, 70}, {0, 70}}}
	long := &quad{corners: [4]point{{0, 0}, {100, 0}, {100, 25}, {0, 25}}}
	if rows := rowsOf(tall, nil, upright); len(rows) != 2 || rows[0][2].Y != 35 || rows[1][0].Y != 35 || rows[1][2].Y != 70 {
		t.Errorf("a tall plate: %v", rows)
	}
	if rows := rowsOf(long, nil, upright); len(rows) != 1 || rows[0][2].Y != 25 {
		t.Errorf("a long plate: %v", rows)
	}
	letters := append(lettersAt(4, 40, 20, 20, 0, 0.9), lettersAt(5, 30, 50, 20, 0, 0.9)...)
	rows := rowsOf(long, letters, upright)
	if len(rows) != 2 || rows[0][0].Y >= 10 || rows[0][3].Y < 30 || rows[0][3].Y > 40 || rows[1][0].Y < 30 || rows[1][3].Y < 60 {
		t.Errorf("rows of letters: %v", rows)
	}
}

// Letters that are doubtful are left out one by one and together, never a sure
// one within a row.
func TestDoubtfulLettersAreLeftOut(t *testing.T) {
	t.Parallel()
	row := lettersAt(6, 20, 20, 20, 0, 0.9)
	row[1].p, row[3].p, row[4].p = 0.3, 0.4, 0.5
	lengths := map[int]int{}
	for _, c := range choices([][]letter{row}) {
		n := 0
		for _, r := range c.rows {
			n += len(r)
			for i := range r {
				if r[i].p == 0.9 {
					n += 100
				}
			}
		}
		lengths[n]++
	}
	// All; without each of the three; without each end; without two and three of the doubtful.
	for n, want := range map[int]int{306: 1, 305: 3, 205: 2, 304: 1, 303: 1} {
		if lengths[n] != want {
			t.Errorf("%d choices of %d letters of which %d are sure, want %d: %v", lengths[n], n%100, n/100, want, lengths)
		}
	}
}
