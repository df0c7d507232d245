package tui

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/parking"
)

// A reader that knows nothing of us finds on the drawn screen what was encoded:
// on a dark terminal, with and without colours.
func TestTheConsolesQRIsReadByAnother(t *testing.T) {
	t.Parallel()
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing; install the package zbar-tools (the task that runs all tests does)")
	}
	payload, err := parking.VietQR{
		BIN: "970436", Account: "0011001234567", Amount: 74000, Memo: parking.NewReference("N", "epoch", 41),
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256, colorprofile.ANSI, colorprofile.ASCII} {
		v := payingOut(idleView())
		for i := range v.Lanes {
			if s := v.Lanes[i].Subject; s != nil && s.QR != "" {
				s.QR = payload
			}
		}
		m, _, _ := console(v, 80, 24, func(o *Options) { o.Profile = p })
		frame := m.frame()
		checkSize(t, frame, 80, 24)
		path := filepath.Join(t.TempDir(), "screen.png")
		photograph(t, path, frame)
		read, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", path).Output()
		if err != nil || strings.TrimSpace(string(read)) != payload {
			t.Errorf("profile %v: read %q (%v) of\n%s", p, read, err, frame)
		}
	}
}

// darkOnLight are the colours of a code: what is between two blocks of them is
// dark ink on light; all else is a terminal's light letters on dark.
var darkOnLight = regexp.MustCompile("\x1b\\[(38;2;0;0;0;48;2;255;255;255|30;107)m([^\x1b]*)\x1b\\[m")

// photograph writes a screen as a camera sees it. Of letters only block letters
// are drawn.
func photograph(t *testing.T, path, frame string) {
	t.Helper()
	const side = 8
	lines := strings.Split(frame, "\n")
	img := image.NewGray(image.Rect(0, 0, 80*side, len(lines)*2*side))
	fill := func(x, y int, light bool) {
		for i := range side * side {
			if light {
				img.SetGray(x*side+i%side, y*side+i/side, color.Gray{Y: 0xff})
			}
		}
	}
	for y, line := range lines {
		from, to := 0, 0 // cells that are dark on light
		if at := darkOnLight.FindStringSubmatchIndex(line); at != nil {
			from = ansi.StringWidth(line[:at[0]])
			to = from + ansi.StringWidth(line[at[4]:at[5]])
		}
		for x, r := range []rune(ansi.Strip(line)) {
			top, bottom := r == '█' || r == '▀', r == '█' || r == '▄'
			if from <= x && x < to {
				top, bottom = !top, !bottom
			}
			fill(x, 2*y, top)
			fill(x, 2*y+1, bottom)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Fatal(err)
	}
}
