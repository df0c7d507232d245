package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/signintech/gopdf"
)

// The paper, in points: A4 with room for the totals at the end of every page.
const (
	paperWidth, paperHeight = 595.28, 841.89
	edge                    = 42.0
	textWidth               = paperWidth - 2*edge
	bodyTop                 = edge
	bodyBottom              = paperHeight - 84
)

// Fonts by family name in the PDF.
const (
	regular = "regular"
	bold    = "bold"
)

// sheet is a PDF being written. The first error stays; what follows it is
// not written.
type sheet struct {
	pdf gopdf.GoPdf
	err error
}

func newSheet(title, author string) *sheet {
	s := &sheet{}
	s.pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	s.pdf.SetInfo(gopdf.PdfInfo{Title: title, Author: author, Creator: "Gatehouse"})
	for family, ttf := range map[string][]byte{regular: liberationsansregular.TTF, bold: liberationsansbold.TTF} {
		option := gopdf.TtfOption{UseKerning: true, OnGlyphNotFoundSubstitute: func(rune) rune { return '?' }}
		s.keep(s.pdf.AddTTFFontDataWithOption(family, ttf, option))
	}
	s.pdf.SetLineWidth(0.5)
	return s
}

func (s *sheet) keep(err error) {
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("write PDF: %w", err)
	}
}

// column is a place in a row: from x, width wide; right-aligned for sums.
type column struct {
	x, width float64
	right    bool
}

// text writes one line into a column, cut with "…" where it is too long. y is
// the top of the line.
func (s *sheet) text(font string, size float64, c column, y float64, text string) {
	if s.err != nil || text == "" {
		return
	}
	s.keep(s.pdf.SetFont(font, "", size))
	text, width := s.fit(clean(text), c.width)
	x := c.x
	if c.right {
		x += c.width - width
	}
	s.pdf.SetXY(x, y)
	s.keep(s.pdf.Cell(nil, text))
}

// fit cuts text to a width and says how wide it became.
func (s *sheet) fit(text string, most float64) (string, float64) {
	width, err := s.pdf.MeasureTextWidth(text)
	s.keep(err)
	if s.err != nil || width <= most {
		return text, width
	}
	for r := []rune(text); len(r) > 0; {
		r = r[:len(r)-1]
		shorter := strings.TrimRight(string(r), " ") + "…"
		if width, err = s.pdf.MeasureTextWidth(shorter); err != nil || width <= most {
			s.keep(err)
			return shorter, width
		}
	}
	return "", 0
}

// clean turns line breaks and other control characters into spaces.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}

func (s *sheet) rule(y, grey float64) {
	s.pdf.SetGrayStroke(grey)
	s.pdf.Line(edge, y, edge+textWidth, y)
}

func (s *sheet) write(w io.Writer) error {
	if s.err != nil {
		return s.err
	}
	if _, err := s.pdf.WriteTo(w); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}

// fill cuts off as many words of text as fit a width, in the font that is set.
func (s *sheet) fill(text string, most float64) (line, rest string) {
	all := strings.Fields(clean(text))
	n := 0
	for n < len(all) {
		width, err := s.pdf.MeasureTextWidth(strings.Join(all[:n+1], " "))
		s.keep(err)
		if s.err != nil || width > most {
			break
		}
		n++
	}
	n = max(n, 1)
	if len(all) == 0 {
		return "", ""
	}
	return strings.Join(all[:n], " "), strings.Join(all[n:], " ")
}
