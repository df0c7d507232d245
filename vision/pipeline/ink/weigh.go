package ink

import (
	"image"
	"math"
	"slices"
	"strings"

	"gatehouse/vision/pipeline/spell"

	"gatehouse/parking"
)

const (
	// noPlateLikeness is the mean likeness below which a place is no plate.
	noPlateLikeness = 0.62
	// countedLikeness is what a letter must exceed to speak for a place.
	countedLikeness = 0.55
	// sharpness turns likeness into shares: the difference of likeness that
	// makes one letter e times as likely as another.
	sharpness = 0.05
)

// reading of one letter by both readers.
type opinion struct {
	box      image.Rectangle
	image    *grey
	likeness []float64 // by the atlas, per letter of the alphabet
	heard    heard     // by Tesseract
}

// trial is a site with a choice of its letters, looked at by the atlas.
type trial struct {
	site  plateSite
	lines [][]opinion
	cut   int     // letters left out at the ends
	score float64 // how much speaks for a plate here; more letters speak more
	mean  float64 // mean likeness of the letters under the grammar
}

func (t *trial) lettersPerLine() []int {
	counts := make([]int, len(t.lines))
	for i, l := range t.lines {
		counts[i] = len(l)
	}
	return counts
}

// try looks at a site with the atlas. A row may have picked up a piece of the
// border at either end, so that rows without their ends are tried too. It
// returns nil where no choice fits the grammar.
func (r *Reader) try(p *picture, site plateSite, country spell.Country) *trial {
	rows := make([][]opinion, len(site.lines))
	for i, l := range site.lines {
		for _, c := range l.letters {
			cut := letterImage(p, site.inking, c, site.light)
			shape := makePatch(cut)
			rows[i] = append(rows[i], opinion{box: c.box, image: cut, likeness: r.atlas.likeness(&shape)})
		}
	}
	judgeWidths(rows)
	var best *trial
	choose := func(lines [][]opinion, cut int) {
		t := &trial{site: site, lines: lines}
		if t.judge(country) {
			t.cut = cut
			t.score -= 0.12 * float64(cut)
			if best == nil || t.score > best.score {
				best = t
			}
		}
	}
	for _, upper := range withoutEnds(rows[0]) {
		if len(rows) == 1 {
			choose([][]opinion{upper}, len(rows[0])-len(upper))
			continue
		}
		for _, lower := range withoutEnds(rows[1]) {
			choose([][]opinion{upper, lower}, len(rows[0])-len(upper)+len(rows[1])-len(lower))
		}
	}
	return best
}

// judgeWidths takes back likeness by how wide a letter is beside the others: 1
// and I are narrow, all others are not.
func judgeWidths(rows [][]opinion) {
	var ratios []float64
	for _, row := range rows {
		for _, o := range row {
			ratios = append(ratios, float64(o.image.w)/float64(o.image.h))
		}
	}
	slices.Sort(ratios)
	wide := max(ratios[len(ratios)*3/5], 0.33)
	for _, row := range rows {
		for _, o := range row {
			ratio := float64(o.image.w) / float64(o.image.h) / wide
			for k, r := range spell.Alphabet {
				if r == '1' || r == 'I' {
					o.likeness[k] -= widthPenalty * min(max((ratio-0.78)/0.2, 0), 1)
				} else {
					o.likeness[k] -= widthPenalty * min(max((0.82-ratio)/0.2, 0), 1)
				}
			}
		}
	}
}

// regularity is how evenly the letters stand, 1 for a plate as it is made: a
// letter that was lost leaves a gap, or moves the row away from the middle of
// the other. Such a reading can be right in every letter that it has and
// still be wrong.
func (t *trial) regularity() float64 {
	regular := 1.0
	var middles []float64
	for i, l := range t.lines {
		var steps []float64
		for k := 1; k < len(l); k++ {
			ax, _ := centre(l[k-1].box)
			bx, _ := centre(l[k].box)
			steps = append(steps, bx-ax)
		}
		sorted := slices.Sorted(slices.Values(steps))
		usual := sorted[len(sorted)/2]
		for k, step := range steps {
			allowed := 1.6 // a dot between the digits
			if i == 0 && (k == 1 || len(t.lines) == 1 && k <= 3) {
				allowed = 2.1 // a dash, or a bolt
			}
			if step > allowed*usual {
				regular *= 0.5
			}
		}
		first, last := l[0].box, l[len(l)-1].box
		middles = append(middles, float64(first.Min.X+last.Max.X)/2)
	}
	if len(middles) == 2 {
		slope := (t.site.lines[0].slope + t.site.lines[1].slope) / 2
		height := t.site.lines[1].height
		if lean := math.Abs(middles[1]-middles[0]+slope*1.3*height) / height; lean > 0.12 {
			regular *= max(1-1.8*(lean-0.12), 0.2)
		}
	}
	return regular
}

// widthPenalty is the likeness lost by a letter of the wrong width.
const widthPenalty = 0.15

// withoutEnds returns the row, and the row without its first, its last, and
// both.
func withoutEnds(row []opinion) [][]opinion {
	n := len(row)
	if n < 4 {
		return [][]opinion{row}
	}
	return [][]opinion{row, row[1:], row[:n-1], row[1 : n-1]}
}

// judge scores the choice under the pattern that suits it best, by likeness
// alone; false where no pattern has its number of letters.
func (t *trial) judge(country spell.Country) bool {
	t.score = math.Inf(-1)
	for _, pattern := range spell.Patterns(country, t.lettersPerLine()) {
		var score, sum float64
		n := 0
		for _, l := range t.lines {
			for _, o := range l {
				best := -1.0
				for k, r := range spell.Alphabet {
					if o.likeness[k] > best && spell.Fits(pattern[n], r) {
						best = o.likeness[k]
					}
				}
				score += best - countedLikeness
				sum += best
				n++
			}
		}
		if score > t.score {
			t.score, t.mean = score, sum/float64(n)
		}
	}
	return !math.IsInf(t.score, -1)
}

// listen asks Tesseract about the lines of the trial.
func (r *Reader) listen(t *trial, country spell.Country) error {
	for i, l := range t.lines {
		letters := make([]*grey, len(l))
		for k := range l {
			letters[k] = l[k].image
		}
		whitelist := vietnameseLetter
		switch {
		case country == spell.AnyCountry:
			whitelist = anyLetter
		case len(t.lines) == 2 && i == 1:
			whitelist = digitsOnly
		}
		words, err := r.tesseract.read(letters, whitelist)
		if err != nil {
			return err
		}
		t.lines[i] = slices.Clone(l)
		for k := range words {
			t.lines[i][k].heard = words[k]
		}
	}
	return nil
}

// disagreement is what remains of the belief in a plate for each letter on
// which Tesseract says otherwise: a plate counts as read where both agree, but
// for letters that one of them sees very clearly.
const disagreement = 0.8

// agreement is how far Tesseract heard this plate too. It knows no Đ.
func (t *trial) agreement(plate parking.Plate) float64 {
	agreed, i := 1.0, 0
	letters := []rune(string(plate))
	for _, l := range t.lines {
		for _, o := range l {
			if letters[i] != 'Đ' && o.heard.letter != letters[i] {
				agreed *= disagreement
			}
			i++
		}
	}
	return agreed
}

// class is the class of vehicle that the rows tell: on two rows, a car has
// three letters in the upper one (30A), a motorbike four or more (29-B1).
func (t *trial) class() parking.Class {
	switch {
	case len(t.lines) == 1:
		return ""
	case len(t.lines[0]) <= 3:
		return parking.Car
	default:
		return parking.Motorbike
	}
}

// lookalikes are the letters that Tesseract takes for one another.
var lookalikes = []string{"0ODQĐCG", "1ILT7", "2Z", "5S", "6GB8", "4A", "UV", "MN", "DĐ", "3B89", "KXH", "EF", "PFR"}

func alike(a, b rune) bool {
	for _, group := range lookalikes {
		if strings.ContainsRune(group, a) && strings.ContainsRune(group, b) {
			return true
		}
	}
	return false
}

// shares returns for each letter the share of each letter of the alphabet,
// both readers weighed together.
func (t *trial) shares() [][]float64 {
	var all [][]float64
	for _, l := range t.lines {
		for _, o := range l {
			all = append(all, o.shares())
		}
	}
	return all
}

func (o *opinion) shares() []float64 {
	top := slices.Max(o.likeness)
	share := make([]float64, len(o.likeness))
	var sum float64
	for k, r := range spell.Alphabet {
		share[k] = math.Exp((o.likeness[k]-top)/sharpness) * o.heard.weight(r)
		sum += share[k]
	}
	for k := range share {
		share[k] /= sum
	}
	return share
}

// weight is how much Tesseract's word speaks for r.
func (h heard) weight(r rune) float64 {
	doubt := max(1-h.confidence, 0.02)
	switch {
	case h.letter == 0:
		return 1
	case h.letter == r:
		return 1
	case alike(h.letter, r):
		return 0.12 + 0.5*doubt
	default:
		return 0.04 + 0.3*doubt
	}
}
