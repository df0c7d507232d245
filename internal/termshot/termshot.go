// Package termshot turns a captured terminal screen into an SVG picture, so
// that the pictures of the console in docs/ can be made again:
//
//	tmux capture-pane -p -e -t SESSION | go run ./internal/termshot/cmd/termshot > docs/console.svg
//
// It reads text with SGR sequences (colours of 16, 256 and 24 bits, bold,
// reverse, underline); any other sequence is left out.
package termshot

import (
	"fmt"
	"html"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Options are the look of the picture. The zero value is the dark theme.
type Options struct {
	Foreground string // of text without a colour, "#RRGGBB"
	Background string // of the screen, "#RRGGBB"
	Title      string // read by screen readers, "" for none
}

// Cell sizes in pixels of the picture; a cell is twice as high as wide, so
// that half blocks are square.
const (
	cellWidth  = 9
	cellHeight = 18
	margin     = 12
)

// style is how a cell is painted. Colours are "#RRGGBB", "" for the default.
type style struct {
	fg, bg                   string
	bold, reverse, underline bool
}

// cell is one letter with its marks; wide ones have a second, empty cell.
type cell struct {
	text  string
	wide  bool
	style style
}

// SVG draws screen, whose lines end with newlines, as a picture that is as
// wide as its longest line.
func SVG(screen string, o Options) string {
	if o.Foreground == "" {
		o.Foreground = "#E6EBF1"
	}
	if o.Background == "" {
		o.Background = "#0F1318"
	}
	rows := parse(screen)
	columns := 1
	for _, r := range rows {
		columns = max(columns, len(r))
	}
	w, h := columns*cellWidth+2*margin, len(rows)*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", w, h, w, h)
	if o.Title != "" {
		fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(o.Title))
	}
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="6" fill="%s"/>`+"\n", w, h, o.Background)
	b.WriteString(`<g font-family="'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace" font-size="15" shape-rendering="crispEdges">` + "\n")
	for y, row := range rows {
		drawRow(&b, row, y, o)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// drawRow draws runs of cells that look alike. Block letters become
// rectangles: fonts leave gaps between them.
func drawRow(b *strings.Builder, row []cell, y int, o Options) {
	for x := 0; x < len(row); {
		n := 1
		for x+n < len(row) && row[x+n].style == row[x].style && isBlock(row[x+n].text) == isBlock(row[x].text) && !isBlock(row[x].text) {
			n++
		}
		fg, bg := row[x].style.colours(o)
		px, py := margin+x*cellWidth, margin+y*cellHeight
		if bg != o.Background {
			rectangle(b, px, py, n*cellWidth, cellHeight, bg)
		}
		if isBlock(row[x].text) {
			drawBlock(b, row[x].text, px, py, fg)
		} else {
			drawText(b, row[x:x+n], px, py, fg)
		}
		x += n
	}
}

func drawText(b *strings.Builder, cells []cell, px, py int, fg string) {
	var text strings.Builder
	for _, c := range cells {
		text.WriteString(c.text)
	}
	if strings.TrimSpace(text.String()) == "" {
		return
	}
	attrs := ""
	if cells[0].style.bold {
		attrs = ` font-weight="bold"`
	}
	if cells[0].style.underline {
		attrs += ` text-decoration="underline"`
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s" textLength="%d" lengthAdjust="spacingAndGlyphs" xml:space="preserve"%s>%s</text>`+"\n",
		px, py+cellHeight-5, fg, len(cells)*cellWidth, attrs, html.EscapeString(text.String()))
}

func isBlock(s string) bool {
	switch s {
	case "▀", "▄", "█", "■", "□":
		return true
	}
	return false
}

func drawBlock(b *strings.Builder, s string, px, py int, fg string) {
	const half = cellHeight / 2
	switch s {
	case "▀":
		rectangle(b, px, py, cellWidth, half, fg)
	case "▄":
		rectangle(b, px, py+half, cellWidth, half, fg)
	case "█":
		rectangle(b, px, py, cellWidth, cellHeight, fg)
	case "■":
		rectangle(b, px+1, py+6, cellWidth-2, cellWidth-2, fg)
	case "□":
		fmt.Fprintf(b, `<rect x="%d.5" y="%d.5" width="%d" height="%d" fill="none" stroke="%s"/>`+"\n", px+1, py+6, cellWidth-3, cellWidth-3, fg)
	}
}

func rectangle(b *strings.Builder, x, y, w, h int, fill string) {
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", x, y, w, h, fill)
}

// colours are what the style comes to on the screen.
func (s style) colours(o Options) (fg, bg string) {
	fg, bg = s.fg, s.bg
	if fg == "" {
		fg = o.Foreground
	}
	if bg == "" {
		bg = o.Background
	}
	if s.reverse {
		return bg, fg
	}
	return fg, bg
}

// parse cuts the screen into cells.
func parse(screen string) [][]cell {
	var rows [][]cell
	p := ansi.NewParser()
	var state byte
	var now style
	row := []cell{}
	screen = strings.ToValidUTF8(screen, "?")
	for len(screen) > 0 {
		seq, w, n, next := ansi.DecodeSequence(screen, state, p)
		screen, state = screen[n:], next
		switch {
		case seq == "\n":
			rows, row = append(rows, row), []cell{}
		case w > 0:
			row = append(row, cell{text: seq, wide: w > 1, style: now})
			for range w - 1 {
				row = append(row, cell{style: now})
			}
		case p.Command() == 'm' && strings.HasPrefix(seq, "\x1b["):
			now = now.with(p.Params())
		}
		if n == 0 {
			break
		}
	}
	if len(row) > 0 {
		rows = append(rows, row)
	}
	for len(rows) > 0 && len(rows[len(rows)-1]) == 0 {
		rows = rows[:len(rows)-1]
	}
	return rows
}
