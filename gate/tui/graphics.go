package tui

import (
	"bytes"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"
	xdraw "golang.org/x/image/draw"

	"gatehouse/gate/settings"
)

// Terminals that know Kitty's graphics (Kitty itself, Ghostty) get pictures as
// pixels. A picture is sent once and has a number; the cells where it stands hold a
// placeholder in the colour of that number, with its row and column as marks
// (Unicode placeholders of the protocol). So they move, vanish and come back as any
// other text does, and a renderer that knows nothing of pictures draws them.

const (
	pixelsAcross, pixelsDown = 8, 16 // of a cell, about; the terminal scales
	// graphicsRate is the bytes a second that pixels need: a picture of a lane has
	// some twenty thousand. A line that is known by small frames alone is tried from
	// graphicsTry on: a terminal that takes its time over each makes it look slow.
	graphicsRate, graphicsTry = 150_000, 30_000
	// graphicsAgain after a line was too slow for them it is tried once more.
	graphicsAgain = 5 * time.Minute
	// firstImage is the number of the first picture; fewer bits than a colour has.
	firstImage = 0x4701
)

// mayKnowGraphics says whether the terminal may place pictures by placeholders, so that
// it is worth asking which version it is. Only TERM tells: what stands between (tmux,
// screen) has one of its own.
func mayKnowGraphics(env []string) bool {
	term := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "TERM="); ok {
			term = v
		}
	}
	return slices.Contains([]string{"xterm-kitty", "xterm-ghostty"}, term)
}

// placesImages says whether the version that a terminal has told of itself (XTVERSION)
// knows placeholders: every Ghostty, and Kitty from 0.28 on. An older Kitty, as in
// Debian 12, draws boxes for them.
func placesImages(version string) bool {
	if strings.HasPrefix(version, "ghostty") {
		return true
	}
	var major, minor int
	if _, err := fmt.Sscanf(version, "kitty(%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 0 || minor >= 28
}

// askVersion asks a terminal that may know it.
func (m *model) askVersion() tea.Cmd {
	if !mayKnowGraphics(m.opts.Env) {
		return nil
	}
	return tea.RequestTerminalVersion
}

// takeVersion goes over to pixels where the terminal draws them.
func (m *model) takeVersion(version string) tea.Cmd {
	if !mayKnowGraphics(m.opts.Env) || !placesImages(version) {
		return nil
	}
	m.knows = true
	return tea.Batch(m.wantPictures(), m.wantPhotos())
}

// graphics says whether pictures are drawn as pixels now.
func (m *model) graphics() bool {
	return m.knows && m.set.Pictures == settings.PicturesAuto && m.th.profile == colorprofile.TrueColor && !m.th.ascii && m.line.carriesGraphics()
}

// nextImage is the number of a picture that is about to be sent.
func (m *model) nextImage() int {
	m.images++
	return firstImage + m.images%(1<<23)
}

// drawPixels makes what the terminal gets of a box of a picture before its
// placeholders are drawn in w × h cells.
func drawPixels(img image.Image, box image.Rectangle, number, w, h int) (send string, rows []string, err error) {
	scaled := image.NewRGBA(image.Rect(0, 0, w*pixelsAcross, h*pixelsDown))
	xdraw.ApproxBiLinear.Scale(scaled, scaled.Bounds(), img, box, xdraw.Src, nil)
	var out bytes.Buffer
	err = kitty.EncodeGraphics(&out, scaled, &kitty.Options{
		Action: kitty.TransmitAndPut, Transmission: kitty.Direct, Format: kitty.PNG, Quiet: 2, ID: number,
		VirtualPlacement: true, Columns: w, Rows: h, Chunk: true,
	})
	if err != nil {
		return "", nil, fmt.Errorf("picture: %w", err)
	}
	return out.String(), placeholders(number, w, h), nil
}

// placeholders are the cells where a picture stands.
func placeholders(number, w, h int) []string {
	rows := make([]string, h)
	for y := range rows {
		var b strings.Builder
		fmt.Fprintf(&b, "\x1b[38;2;%d;%d;%dm", number>>16&0xff, number>>8&0xff, number&0xff)
		for x := range w {
			b.WriteRune(kitty.Placeholder)
			b.WriteRune(kitty.Diacritic(y))
			b.WriteRune(kitty.Diacritic(x))
		}
		b.WriteString("\x1b[39m")
		rows[y] = b.String()
	}
	return rows
}

// forgetImage lets the terminal forget a picture; 0 is none.
func forgetImage(number int) string {
	if number == 0 {
		return ""
	}
	return ansi.KittyGraphics(nil, "a=d", "d=I", fmt.Sprintf("i=%d", number), "q=2")
}

// forgetImages lets it forget all.
func forgetImages() string { return ansi.KittyGraphics(nil, "a=d", "d=A", "q=2") }

// sendImage sends a picture, and lets one go that is no longer drawn.
func sendImage(send string, old int) tea.Cmd {
	if send == "" && old == 0 {
		return nil
	}
	return tea.Raw(forgetImage(old) + send)
}

// carriesGraphics says whether the line is known to be fast enough for pixels.
func (l *line) carriesGraphics() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tryBulk() {
		return !l.slow && l.rate >= graphicsTry
	}
	return !l.slow && l.bulk >= graphicsRate
}

// tryBulk says whether it is not known, or not any more, how large pictures get on.
// mu is held.
func (l *line) tryBulk() bool {
	return l.bulk == 0 || l.bulk < graphicsRate && l.now().Sub(l.bulkAt) > graphicsAgain
}
