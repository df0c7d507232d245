package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"gatehouse/cloud/report"
	"gatehouse/parking"
)

// drawn is what a chart holds: its bars by height, its texts, all attributes.
type drawn struct {
	heights []int
	texts   []string
	attrs   []xml.Attr
}

func draw(t *testing.T, b report.Bars) drawn {
	t.Helper()
	var buf bytes.Buffer
	if err := b.SVG(&buf); err != nil {
		t.Fatal(err)
	}
	var d drawn
	var text bool
	for dec := xml.NewDecoder(&buf); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return d
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			text = e.Name.Local == "text"
			d.attrs = append(d.attrs, e.Attr...)
			if h, ok := barHeight(e); ok {
				d.heights = append(d.heights, h)
			}
		case xml.CharData:
			if text {
				d.texts = append(d.texts, string(e))
			}
		case xml.EndElement:
			text = false
		}
	}
}

// barHeight reads the height of a path filled like a bar.
func barHeight(e xml.StartElement) (int, bool) {
	var path string
	var bar bool
	for _, a := range e.Attr {
		if a.Name.Local == "d" {
			path = a.Value
		}
		bar = bar || a.Name.Local == "class" && strings.Contains(a.Value, "fill-mine")
	}
	if !bar || e.Name.Local != "path" {
		return 0, false
	}
	var ys []int
	for _, f := range strings.FieldsFunc(path, func(r rune) bool { return r == '\n' || r == 'M' || r == 'L' || r == 'Z' }) {
		var x, y int
		if n, _ := fmt.Sscanf(f, "%d %d", &x, &y); n == 2 {
			ys = append(ys, y)
		}
	}
	return slices.Max(ys) - slices.Min(ys), true
}

func plain(m parking.Money) string { return m.Format("VND", "vi") }

func TestBarsBeginAtZero(t *testing.T) {
	t.Parallel()
	d := draw(t, report.Bars{
		Title: "Doanh thu", Width: 640, Height: 240, Shown: plain,
		Bars: []report.Bar{{"Thứ hai", 100_000}, {"Thứ ba", 50_000}, {"Chủ nhật", 25_000}, {"Không", 0}},
	})
	if len(d.heights) != 4 {
		t.Fatalf("%d bars drawn, want 4", len(d.heights))
	}
	near := func(a, b int) bool { return a-b <= 1 && b-a <= 1 }
	if h := d.heights; !near(h[0], 2*h[1]) || !near(h[1], 2*h[2]) || h[3] != 0 || h[2] == 0 {
		t.Errorf("heights %v are not as 4 : 2 : 1 : 0, so the scale does not begin at zero", h)
	}
	for _, want := range []string{"Thứ hai", "Chủ nhật", "100.000 ₫", "25.000 ₫"} {
		if !slices.ContainsFunc(d.texts, func(s string) bool { return sameText(s, want) }) {
			t.Errorf("%q is not on the chart: %q", want, d.texts)
		}
	}
}

// sameText compares without telling kinds of spaces apart.
func sameText(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

func TestBarsWithoutMoney(t *testing.T) {
	t.Parallel()
	d := draw(t, report.Bars{Title: "0", Width: 640, Height: 200, Shown: plain, Bars: make([]report.Bar, 24)})
	if len(d.heights) != 24 || slices.Max(d.heights) != 0 {
		t.Errorf("24 bars of no height expected: %v", d.heights)
	}
}

func TestBarsOfAYear(t *testing.T) {
	t.Parallel()
	bars := make([]report.Bar, 366)
	for i := range bars {
		bars[i] = report.Bar{Label: fmt.Sprintf("%02d/%02d", i%28+1, i/31+1), Value: parking.Money(i * 1000)}
	}
	d := draw(t, report.Bars{Title: "năm", Width: 960, Height: 240, Shown: plain, Bars: bars})
	if len(d.heights) != 366 {
		t.Errorf("%d bars drawn, want 366", len(d.heights))
	}
}

func TestChartHasNoInlineStyleAndEscapes(t *testing.T) {
	t.Parallel()
	d := draw(t, report.Bars{
		Title: `<script>"`, Width: 640, Height: 200, Shown: plain,
		Bars: []report.Bar{{`<b>&"x`, 1}},
	})
	for _, a := range d.attrs {
		if a.Name.Local == "style" {
			t.Errorf("inline style %q would be refused by the pages' policy", a.Value)
		}
	}
	if !slices.Contains(d.texts, `<b>&"x`) {
		t.Errorf("the hostile label is not there as text: %q", d.texts)
	}
}
