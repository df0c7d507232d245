package ink

import (
	"image"
	"slices"
)

// line is a row of letters.
type line struct {
	letters []component // from left to right
	height  float64     // median height of the letters, pixels
	slope   float64     // of the row
	offset  float64     // y of the row at x = 0
}

func (l *line) yAt(x float64) float64 { return l.offset + l.slope*x }

func (l *line) box() image.Rectangle {
	var box image.Rectangle
	for _, letter := range l.letters {
		box = box.Union(letter.box)
	}
	return box
}

func centre(r image.Rectangle) (x, y float64) {
	return float64(r.Min.X+r.Max.X) / 2, float64(r.Min.Y+r.Max.Y) / 2
}

// maxComponents bounds the pairwise work on a noisy picture; a plate is found
// among far fewer.
const maxComponents = 1500

// findLines groups components that stand in a row: of like height, close to
// each other.
func findLines(components []component) []line {
	if len(components) > maxComponents {
		return nil
	}
	slices.SortFunc(components, func(a, b component) int { return a.box.Min.X - b.box.Min.X })
	group := make([]int, len(components))
	for i := range group {
		group[i] = i
	}
	root := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for i := range components {
		for j := i + 1; j < len(components); j++ {
			if float64(components[j].box.Min.X-components[i].box.Max.X) > 1.1*float64(components[i].box.Dy()) {
				if components[j].box.Min.X-components[i].box.Max.X > 400 {
					break
				}
				continue
			}
			if neighbours(components[i].box, components[j].box) {
				group[root(j)] = root(i)
			}
		}
	}
	members := map[int][]component{}
	var order []int
	for i, c := range components {
		r := root(i)
		if members[r] == nil {
			order = append(order, r)
		}
		members[r] = append(members[r], c)
	}
	var lines []line
	for _, r := range order {
		if l, ok := fitLine(members[r]); ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// neighbours says whether b may follow a in a row of letters.
func neighbours(a, b image.Rectangle) bool {
	ha, hb := float64(a.Dy()), float64(b.Dy())
	if ha > 1.3*hb || hb > 1.3*ha {
		return false
	}
	ax, ay := centre(a)
	bx, by := centre(b)
	h := (ha + hb) / 2
	dx, dy := bx-ax, by-ay
	return dx > 0.15*h && dx < 1.75*h && dy < 0.16*h+0.3*dx && -dy < 0.16*h+0.3*dx
}

// fitLine lays a row through the letters, leaves out what does not stand in
// it, and refuses rows with fewer than three letters or more than a plate has.
func fitLine(letters []component) (line, bool) {
	for range 4 {
		if len(letters) < 3 {
			return line{}, false
		}
		l := line{letters: letters, height: medianHeight(letters)}
		l.slope, l.offset = theilSen(letters)
		kept := slices.DeleteFunc(slices.Clone(letters), func(c component) bool {
			x, y := centre(c.box)
			off, h := y-l.yAt(x), float64(c.box.Dy())
			return off > 0.2*l.height || -off > 0.2*l.height || h > 1.22*l.height || h < 0.8*l.height
		})
		if len(kept) == len(letters) {
			if len(letters) > 12 || l.slope > 0.4 || l.slope < -0.4 {
				return line{}, false
			}
			return l, true
		}
		letters = kept
	}
	return line{}, false
}

func medianHeight(letters []component) float64 {
	heights := make([]int, len(letters))
	for i, c := range letters {
		heights[i] = c.box.Dy()
	}
	slices.Sort(heights)
	return float64(heights[len(heights)/2])
}

// theilSen fits a row that a few strangers do not disturb: the median slope.
func theilSen(letters []component) (slope, offset float64) {
	var slopes []float64
	for i := range letters {
		for j := i + 1; j < len(letters); j++ {
			ax, ay := centre(letters[i].box)
			bx, by := centre(letters[j].box)
			if bx-ax > 1 {
				slopes = append(slopes, (by-ay)/(bx-ax))
			}
		}
	}
	if len(slopes) > 0 {
		slices.Sort(slopes)
		slope = slopes[len(slopes)/2]
	}
	offsets := make([]float64, len(letters))
	for i, c := range letters {
		x, y := centre(c.box)
		offsets[i] = y - slope*x
	}
	slices.Sort(offsets)
	return slope, offsets[len(offsets)/2]
}

// plateSite is a place that may be a plate: one line, or two.
type plateSite struct {
	lines  []line
	inking *inking
	light  bool
}

// box is the plate around its letters.
func (s *plateSite) box() image.Rectangle {
	var box image.Rectangle
	for i := range s.lines {
		box = box.Union(s.lines[i].box())
	}
	margin := int(s.lines[0].height * 0.3)
	return box.Inset(-margin)
}

// findSites pairs lines that stand one above the other and keeps the rest
// where they may be a plate of one line.
func findSites(lines []line, found *inking, light bool) []plateSite {
	var sites []plateSite
	for i := range lines {
		for j := range lines {
			if i != j && stacked(&lines[i], &lines[j]) {
				sites = append(sites, plateSite{[]line{lines[i], lines[j]}, found, light})
			}
		}
		if n := len(lines[i].letters); n >= 5 && n <= 11 {
			sites = append(sites, plateSite{[]line{lines[i]}, found, light})
		}
	}
	return sites
}

// stacked says whether lower stands right below upper, as on one plate.
func stacked(upper, lower *line) bool {
	if upper.height > 1.5*lower.height || lower.height > 1.5*upper.height {
		return false
	}
	a, b := upper.box(), lower.box()
	overlap := min(a.Max.X, b.Max.X) - max(a.Min.X, b.Min.X)
	if float64(overlap) < 0.6*float64(min(a.Dx(), b.Dx())) {
		return false
	}
	middle := float64(max(a.Min.X, b.Min.X)+min(a.Max.X, b.Max.X)) / 2
	apart := lower.yAt(middle) - upper.yAt(middle)
	h := (upper.height + lower.height) / 2
	return apart > 0.95*h && apart < 2*h && len(upper.letters) <= 6 && len(lower.letters) <= 6
}
