package tui

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
)

// maxPixels is the largest picture that is decoded: a camera's frame is far
// below, and a broken header must not take the memory.
const maxPixels = 40 << 20

// picture is a camera's newest picture as lines of cells, and which one it is.
type picture struct {
	have   pictureKey
	rows   []string
	pixels []color.RGBA // that the rows show
	asked  pictureKey   // being decoded; zero when nothing is
	number int          // of the picture that the terminal has, where it draws pixels
	before int          // of the one that it has until the cells are drawn anew
	failed pictureKey
}

// pictureKey says which picture in which size and manner.
type pictureKey struct {
	n        int64
	w, h     int
	profile  colorprofile.Profile
	ascii    bool
	graphics bool // as pixels
}

type pictureMsg struct {
	lane string
	face bool
	key  pictureKey
	drawn
	err error
}

// drawn is a picture as lines, and the pixels that they show.
type drawn struct {
	rows   []string
	pixels []color.RGBA
	same   bool   // it shows what the one before does: nothing is drawn or sent
	send   string // what the terminal gets first
	number int    // of what it gets
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// showsPictures says whether pictures are on; slow that they are off because
// of the line. What the guard has asked for counts more than the line.
func (m *model) showsPictures() (on, slow bool) {
	if !m.pictures || m.wished {
		return m.pictures, false
	}
	return m.line.carriesPictures()
}

func (m *model) togglePictures() tea.Cmd {
	on, _ := m.showsPictures()
	m.pictures, m.wished = !on, true
	if on {
		m.forgetPictures()
	}
	return m.wantPictures()
}

// forgetPictures drops what was decoded; what is being decoded comes yet.
func (m *model) forgetPictures() {
	for _, st := range m.lanes {
		for _, p := range []*picture{&st.pic, &st.face} {
			*p = picture{asked: p.asked, number: p.number, before: p.before}
		}
	}
}

// wantPictures starts decoding what the screen shows and has not got, one
// picture a camera at a time.
func (m *model) wantPictures() tea.Cmd {
	if on, _ := m.showsPictures(); !on || m.tooSmall() {
		return nil
	}
	a := m.layout()
	var cmds []tea.Cmd
	for side := range 2 {
		lv := m.pane(side)
		if lv == nil {
			continue
		}
		r, beside := m.pictureParts(lv, a.lanes[side])
		cmds = append(cmds, m.wantPicture(lv, false, r.w, r.h))
		for _, s := range beside {
			if s.live {
				cmds = append(cmds, m.wantPicture(lv, true, s.w, s.h))
			}
		}
	}
	return tea.Batch(cmds...)
}

// wantPicture is wantPictures for one camera of a lane: the one for faces, or the
// lane's own.
func (m *model) wantPicture(lv *lane.LaneView, face bool, w, h int) tea.Cmd {
	data, n, least := lv.Picture, lv.PictureN, minPicture
	if face {
		data, n, least = lv.Face, lv.FaceN, minPicture-1 // below its caption
	}
	if len(data) == 0 {
		return nil
	}
	key := pictureKey{n, w, h, m.pictureProfile(), m.th.ascii, m.graphics()}
	p := m.lane(lv.Lane.Code).of(face)
	if h < least || key == p.have || key == p.failed || p.asked != (pictureKey{}) {
		return nil
	}
	p.asked = key
	var before []color.RGBA
	if key.w == p.have.w && key.h == p.have.h && key.graphics == p.have.graphics {
		before = p.pixels
	}
	return decodePicture(pictureMsg{lane: lv.Lane.Code, face: face, key: key}, data, before, m.nextImage())
}

// of is the picture of one of a lane's cameras.
func (st *laneState) of(face bool) *picture {
	if face {
		return &st.face
	}
	return &st.pic
}

func (m *model) takePicture(msg pictureMsg) tea.Cmd {
	p := m.lane(msg.lane).of(msg.face)
	p.asked = pictureKey{}
	var send tea.Cmd
	switch {
	case msg.err != nil:
		p.failed, p.rows, p.pixels = msg.key, nil, nil
	case msg.same:
		if p.rows != nil { // else pictures were off meanwhile, and it is asked for anew
			p.have = msg.key
		}
	case m.pictures:
		p.have, p.rows, p.pixels = msg.key, msg.rows, msg.pixels
		send = sendImage(msg.send, p.before)
		p.before, p.number = p.number, msg.number
	}
	return tea.Batch(send, m.wantPictures()) // a newer one may have come meanwhile
}

// pictureLines is the part of a lane's half where its picture stands.
func (m *model) pictureLines(lv *lane.LaneView, r rect) []string {
	p, beside := m.pictureParts(lv, r)
	st := m.lane(lv.Lane.Code)
	out := make([]string, p.h)
	on, slow := m.showsPictures()
	switch {
	case on && st.pic.have.w == p.w && st.pic.have.h == p.h && len(lv.Picture) > 0:
		for i := range out {
			if i < len(st.pic.rows) {
				out[i] = "  " + st.pic.rows[i]
			}
		}
	case p.h > 0:
		key := "picture.none"
		switch {
		case !m.pictures:
			key = "picture.off"
		case slow:
			key = "picture.slow"
		}
		out[p.h/2] = "  " + m.th.role(look.Quiet, cut(m.t(key), p.w))
	}
	if !on {
		return block(out, r.w, p.h)
	}
	for _, s := range beside {
		for i, line := range m.shotLines(st, s) {
			out[i] = fit(out[i], p.x-r.x+p.w) + " " + line
		}
		p.w += s.w + 1
	}
	return block(out, r.w, p.h)
}

// decodePicture makes lines of a JPEG, off the model's loop; of says which it is.
func decodePicture(of pictureMsg, data []byte, before []color.RGBA, number int) tea.Cmd {
	return func() tea.Msg {
		of.drawn, of.err = drawPicture(data, of.key, before, number)
		return of
	}
}

// drawPicture makes lines of a JPEG. Pixels that are nearly those of before
// stay as they were: the noise of a camera must not cost a slow line bytes. Pixels
// get number.
func drawPicture(data []byte, key pictureKey, before []color.RGBA, number int) (drawn, error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return drawn{}, fmt.Errorf("picture: %w", err)
	}
	if cfg.Width*cfg.Height > maxPixels || cfg.Width < 1 || cfg.Height < 1 {
		return drawn{}, fmt.Errorf("picture of %d × %d pixels", cfg.Width, cfg.Height)
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return drawn{}, fmt.Errorf("picture: %w", err)
	}
	box := img.Bounds()
	h := 2 * key.h // two pixels a cell, one above the other
	// A wide rectangle shows a little less sky and road rather than a small
	// picture; what is left of it stays empty at both sides.
	if spare := box.Dy() - max(box.Dy()*3/4, box.Dx()*h/max(1, key.w)); spare > 0 {
		box.Min.Y, box.Max.Y = box.Min.Y+spare*2/3, box.Max.Y-spare/3
	}
	w := min(key.w, max(1, h*box.Dx()/max(1, box.Dy())))
	h = min(h, max(2, w*box.Dy()/max(1, box.Dx()))) &^ 1
	small := shrink(img, box, w, h)
	if len(before) == len(small) {
		for i := range small {
			if near(small[i], before[i]) {
				small[i] = before[i]
			}
		}
	}
	if key.graphics && slices.Equal(small, before) {
		return drawn{same: true}, nil
	}
	pad := strings.Repeat(" ", (key.w-w)/2)
	rows := make([]string, 0, key.h)
	for range (key.h - h/2) / 2 {
		rows = append(rows, "")
	}
	if key.graphics {
		send, cells, err := drawPixels(img, box, number, w, h/2)
		for _, row := range cells {
			rows = append(rows, pad+row)
		}
		return drawn{rows: rows, pixels: small, send: send, number: number}, err
	}
	for y := 0; y < h; y += 2 {
		rows = append(rows, pad+paintRow(small, w, y, key))
	}
	return drawn{rows: rows, pixels: small}, nil
}

// near says whether two colours differ by no more than noise does.
func near(a, b color.RGBA) bool {
	const noise = 32
	apart := func(x, y uint8) bool { return max(x, y)-min(x, y) > noise }
	return !apart(a.R, b.R) && !apart(a.G, b.G) && !apart(a.B, b.B)
}

// shrink averages the box b of img down to w × h pixels.
func shrink(img image.Image, b image.Rectangle, w, h int) []color.RGBA {
	out := make([]color.RGBA, w*h)
	for y := range h {
		y0, y1 := b.Min.Y+y*b.Dy()/h, b.Min.Y+(y+1)*b.Dy()/h
		for x := range w {
			x0, x1 := b.Min.X+x*b.Dx()/w, b.Min.X+(x+1)*b.Dx()/w
			out[y*w+x] = average(img, x0, y0, max(x1, x0+1), max(y1, y0+1))
		}
	}
	return out
}

// average is the mean colour of a box, from at most 8 × 8 of its pixels.
func average(img image.Image, x0, y0, x1, y1 int) color.RGBA {
	var r, g, b, n uint32
	dx, dy := max(1, (x1-x0)/8), max(1, (y1-y0)/8)
	for y := y0; y < y1; y += dy {
		for x := x0; x < x1; x += dx {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			r, g, b, n = r+cr>>8, g+cg>>8, b+cb>>8, n+1
		}
	}
	step := func(v uint32) uint8 { return uint8(min(255, (v/n+8)/16*16)) } //nolint:gosec // at most 255; 17 steps make runs of one colour
	return color.RGBA{step(r), step(g), step(b), 255}
}

// greys are the shades of a terminal without colours, dark to light.
var greys = []rune(" ░▒▓█")

// greysASCII are the same for ASCII.
var greysASCII = []rune(" .:-=+*#%@")

// paintRow draws two rows of pixels as one row of cells.
func paintRow(px []color.RGBA, w, y int, key pictureKey) string {
	var b strings.Builder
	if key.ascii || key.profile <= colorprofile.ASCII {
		ramp := greys
		if key.ascii {
			ramp = greysASCII
		}
		for x := range w {
			level := (luma(px[y*w+x]) + luma(px[(y+1)*w+x])) / 2
			b.WriteRune(ramp[level*len(ramp)/256])
		}
		return b.String()
	}
	for x := 0; x < w; {
		top, bottom := px[y*w+x], px[(y+1)*w+x]
		n := 1
		for x+n < w && px[y*w+x+n] == top && px[(y+1)*w+x+n] == bottom {
			n++
		}
		style := lipgloss.NewStyle().Foreground(shade(top, key.profile)).Background(shade(bottom, key.profile))
		b.WriteString(style.Render(strings.Repeat("▀", n)))
		x += n
	}
	return b.String()
}

func luma(c color.RGBA) int { return (299*int(c.R) + 587*int(c.G) + 114*int(c.B)) / 1000 }

// shade is c as the terminal has it: sixteen colours would make a riot of a
// photograph, so that only its four greys are used there.
func shade(c color.RGBA, p colorprofile.Profile) color.Color {
	if p != colorprofile.ANSI {
		return c
	}
	return []color.Color{lipgloss.Black, lipgloss.BrightBlack, lipgloss.White, lipgloss.BrightWhite}[luma(c)*4/256]
}
