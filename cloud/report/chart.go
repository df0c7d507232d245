package report

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"sync"

	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/golang/freetype/truetype"
	chart "github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"

	"gatehouse/internal/look"
	"gatehouse/parking"
)

// Bars is a bar chart of sums: one idea, a scale that begins at zero, the
// values beside the bars.
type Bars struct {
	Title  string // for those who cannot see it
	Bars   []Bar
	Shown  func(parking.Money) string // how a sum is written on the chart
	Width  int                        // in CSS pixels of the drawing's own grid
	Height int
}

// Bar is one bar. A label may be empty.
type Bar struct {
	Label string
	Value parking.Money
}

// Margins around the bars, in pixels: room for the scale, the values above the
// bars and the labels below.
const (
	marginLeft, marginRight = 76, 8
	marginTop, marginBottom = 24, 28
	labelSize               = 9.0 // points; go-chart draws at 92 dots an inch
)

// liberation is the font of charts, which measures what the browser shows.
var liberation = sync.OnceValues(func() (*truetype.Font, error) { return truetype.Parse(liberationsansregular.TTF) })

// SVG writes the chart. Its colours are those of internal/look as presentation
// attributes, with a class for each role ("fill-mine", "stroke-line"), so that
// a page's style sheet can turn them dark; it has no inline style, which the
// content security policy of the pages would refuse.
func (b Bars) SVG(w io.Writer) error {
	font, err := liberation()
	if err != nil {
		return fmt.Errorf("chart font: %w", err)
	}
	if len(b.Bars) == 0 {
		return fmt.Errorf("chart %q has no bars", b.Title)
	}
	scale := newScale(b.Bars)
	slot := (b.Width - marginLeft - marginRight) / len(b.Bars)
	gap := max(min(slot/3, 24), 1)
	none := chart.Style{Hidden: true}
	c := chart.BarChart{
		Width: b.Width, Height: b.Height, Font: font,
		BarWidth: max(slot-gap, 1), BarSpacing: gap,
		Background: chart.Style{
			Padding:   chart.Box{Top: marginTop, Left: marginLeft, Right: marginRight, Bottom: marginBottom, IsSet: true},
			FillColor: drawing.ColorTransparent, StrokeColor: drawing.ColorTransparent, StrokeWidth: 0.1,
		},
		Canvas:   chart.Style{FillColor: drawing.ColorTransparent, StrokeColor: drawing.ColorTransparent, StrokeWidth: 0.1},
		XAxis:    none,
		YAxis:    chart.YAxis{Style: none, Range: &chart.ContinuousRange{Min: 0, Max: float64(scale.top)}},
		Elements: []chart.Renderable{func(r chart.Renderer, box chart.Box, _ chart.Style) { b.annotate(r, box, font, scale) }},
	}
	fill := colour(look.Mine)
	for _, bar := range b.Bars {
		c.Bars = append(c.Bars, chart.Value{
			Value: float64(max(bar.Value, 0)), Style: chart.Style{FillColor: fill, StrokeColor: fill, StrokeWidth: 0.1},
		})
	}
	var drawn bytes.Buffer
	// go-chart draws Elements over the bars; the scale's lines belong behind.
	behind := func(width, height int) (chart.Renderer, error) {
		r, err := chart.SVG(width, height)
		if err == nil {
			b.grid(r, scale)
		}
		return r, err
	}
	if err := c.Render(behind, &drawn); err != nil {
		return fmt.Errorf("draw chart %q: %w", b.Title, err)
	}
	return restyle(w, &drawn, b.Title)
}

// grid draws the lines of the scale.
func (b Bars) grid(r chart.Renderer, scale scale) {
	for i := range scale.steps + 1 {
		y := b.height(scale.at(i), scale)
		r.SetStrokeColor(colour(look.Line))
		r.SetStrokeWidth(1)
		r.MoveTo(marginLeft, y)
		r.LineTo(b.Width-marginRight, y)
		r.Stroke()
	}
	r.ResetStyle()
}

// height is where on the drawing a value ends, from the top.
func (b Bars) height(v parking.Money, scale scale) int {
	bottom := b.Height - marginBottom
	return bottom - int(math.Round(float64(bottom-marginTop)*float64(v)/float64(scale.top)))
}

// annotate writes the scale, the values and the labels.
func (b Bars) annotate(r chart.Renderer, box chart.Box, font *truetype.Font, scale scale) {
	r.SetFont(font)
	r.SetFontSize(labelSize)
	for i := range scale.steps + 1 {
		text := b.Shown(scale.at(i))
		r.SetFontColor(colour(look.Quiet))
		r.Text(html.EscapeString(text), box.Left-8-r.MeasureText(text).Width(), b.height(scale.at(i), scale)+4)
	}
	slot := (b.Width - marginLeft - marginRight) / len(b.Bars)
	greatest, widest := b.measure(r)
	every := 1
	for slot*every < widest+6 {
		every++
	}
	for i, bar := range b.Bars {
		middle := box.Left + slot*i + slot/2
		if i%every == 0 {
			r.SetFontColor(colour(look.Quiet))
			centred(r, bar.Label, middle, box.Bottom+18, b.Width)
		}
		value := b.Shown(bar.Value)
		if bar.Value > 0 && (i == greatest || r.MeasureText(value).Width()+6 <= slot) {
			r.SetFontColor(colour(look.Text))
			centred(r, value, middle, b.height(bar.Value, scale)-6, b.Width)
		}
	}
}

// measure finds the greatest bar and the width of the widest label.
func (b Bars) measure(r chart.Renderer) (greatest, widest int) {
	for i, bar := range b.Bars {
		if bar.Value > b.Bars[greatest].Value {
			greatest = i
		}
		widest = max(widest, r.MeasureText(bar.Label).Width())
	}
	return greatest, widest
}

// centred writes text around x without leaving the drawing; go-chart does not
// escape what it writes.
func centred(r chart.Renderer, text string, x, y, width int) {
	if text == "" {
		return
	}
	w := r.MeasureText(text).Width()
	r.Text(html.EscapeString(text), max(0, min(x-w/2, width-w)), y)
}

// scale is the axis of a chart: from zero to a round number at or above the
// greatest value, in equal steps.
type scale struct {
	top   parking.Money
	steps int
}

// at is the value of a step.
func (s scale) at(step int) parking.Money {
	return s.top / parking.Money(s.steps) * parking.Money(step)
}

func newScale(bars []Bar) scale {
	var greatest parking.Money
	for _, b := range bars {
		greatest = max(greatest, b.Value)
	}
	for unit := parking.Money(1); ; unit *= 10 {
		for _, s := range []scale{{4, 4}, {10, 5}, {20, 4}} {
			if s.top *= unit; s.top >= greatest {
				return s
			}
		}
	}
}

// colour is a role's colour on light ground.
func colour(role look.Role) drawing.Color {
	return drawing.ColorFromHex(look.Of(role).Light[1:])
}
