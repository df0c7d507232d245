package tui

import (
	"image/color"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/boombuler/barcode/qr"
	"github.com/charmbracelet/colorprofile"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// quiet is the light border of a QR code, in modules. The standard says four;
// two are read by every banking application tried, and 41 modules then fit
// 24 lines of half blocks.
const quiet = 2

// qrView is a VietQR over the whole screen. It closes by itself when the
// money has come.
type qrView struct {
	laneCode string
	subject  uuid.UUID
}

func newQR(lv *lane.LaneView) dialog { return &qrView{laneCode: lv.Lane.Code, subject: lv.Subject.ID} }

func (d *qrView) place() place { return place{full: true} }

func (d *qrView) shown(m *model) *lane.Subject {
	if lv := m.byCode(d.laneCode); lv != nil && lv.Subject != nil && lv.Subject.ID == d.subject {
		return lv.Subject
	}
	return nil
}

func (d *qrView) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	lv := m.byCode(d.laneCode)
	if d.shown(m) == nil || m.toward(parking.Out) == nil || m.toward(parking.Out).Lane.Code != lv.Lane.Code {
		return nil, true
	}
	switch msg.String() {
	case "m", "M":
		m.push(newByHand(m))
	case "t":
		m.push(newCash(m))
	case "q", "Q":
		return nil, true
	}
	return nil, false
}

// followQR opens the code of a lane that has begun to wait for a transfer and
// closes it when the waiting is over.
func (m *model) followQR() tea.Cmd {
	var cmd tea.Cmd
	for _, d := range m.dialogs {
		q, is := d.(*qrView)
		if !is {
			continue
		}
		if s := q.shown(m); s == nil || s.Stage != lane.Paying {
			m.remove(q)
			if done(s) {
				cmd = bell // the money has come
			}
		}
	}
	for side := range 2 {
		lv := m.pane(side)
		if lv == nil || lv.Subject == nil {
			continue
		}
		st, s := m.lane(lv.Lane.Code), lv.Subject
		waiting := s.Stage == lane.Paying && s.QR != ""
		if waiting && !st.qrShown && len(m.dialogs) == 0 {
			m.push(newQR(lv))
		}
		st.qrShown = waiting
	}
	return cmd
}

func (d *qrView) lines(m *model, w, h int) []string {
	s := d.shown(m)
	if s == nil {
		return nil
	}
	code, err := qrLines(&m.th, s.QR)
	if err != nil || len(code) > h || m.th.ascii {
		return d.words(m, s, w, h, m.t("qr.cannot"))
	}
	side := d.words(m, s, w-width(code[0])-3, h, "")
	out := make([]string, h)
	for i := range out {
		left, right := "", ""
		if i < len(code) {
			left = code[i]
		} else {
			left = strings.Repeat(" ", width(code[0]))
		}
		if i < len(side) {
			right = side[i]
		}
		out[i] = " " + left + "  " + right
	}
	return out
}

// words is what stands beside the code: what is paid, and which keys there are.
func (d *qrView) words(m *model, s *lane.Subject, w, h int, trouble string) []string {
	lv := m.byCode(d.laneCode)
	out := []string{"", m.th.strong(look.Mine, m.t("qr.title")), m.laneName(lv), ""}
	if trouble != "" {
		out = append(out, m.th.role(look.Trouble, trouble), "")
	}
	plate := s.Display
	if match := chosen(s); match != nil && match.Stay.Display != "" {
		plate = match.Stay.Display
	}
	out = append(out,
		m.th.role(look.Quiet, m.t("row.plate")), clean(plate), "",
		m.th.role(look.Quiet, m.t("qr.amount")), m.th.strong(look.Text, m.money(s.Due)), "",
		m.th.role(look.Quiet, m.t("qr.reference")), m.th.strong(look.Text, clean(s.Reference)), "",
		m.th.role(look.Reserved, m.t("qr.waiting", words.Duration(m.lang, m.opts.Now().Sub(m.lane(d.laneCode).since)))), "")
	for _, l := range []string{"qr.key_hand", "qr.key_cash", "qr.key_leave"} {
		out = append(out, m.th.role(look.Quiet, m.t(l)))
	}
	for i := range out {
		out[i] = cut(out[i], w)
	}
	return out[:min(len(out), h)]
}

// qrLines draws payload as half blocks, dark on light whatever the theme is.
func qrLines(th *theme, payload string) ([]string, error) {
	code, err := qr.Encode(payload, qr.L, qr.Auto)
	if err != nil {
		return nil, err
	}
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return x >= 0 && y >= 0 && x < size && y < size && isDark(code.At(x, y))
	}
	style := lipgloss.NewStyle()
	colours := th.profile > colorprofile.ASCII
	switch {
	case th.profile == colorprofile.ANSI:
		style = style.Foreground(lipgloss.Black).Background(lipgloss.BrightWhite)
	case colours:
		style = style.Foreground(lipgloss.Color("#000000")).Background(lipgloss.Color("#FFFFFF"))
	}
	var out []string
	for y := 0; y < size+2*quiet; y += 2 {
		var b strings.Builder
		for x := range size + 2*quiet {
			top, bottom := dark(x, y), dark(x, y+1)
			if !colours { // light is what the terminal writes with
				top, bottom = !top, !bottom
			}
			switch {
			case top && bottom:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case bottom:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		out = append(out, style.Render(b.String()))
	}
	return out, nil
}

func isDark(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r+g+b < 3*0x8000
}
