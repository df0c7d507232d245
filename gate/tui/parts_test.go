package tui

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

func TestField(t *testing.T) {
	t.Parallel()
	f := newField("field.reason", "", 10)
	type step struct{ key, want string }
	for _, s := range []step{
		{"u\u031b\u0303", "ữ"}, // typed decomposed, kept composed
		{"n", "ữn"},
		{"left", "ữn"},
		{"x", "ữxn"},
		{"backspace", "ữn"},
		{"delete", "ữ"},
		{"home", "ữ"},
		{"đ", "đữ"},
		{"0123456789", "đữ"}, // too long: nothing is taken, and nothing is lost
		{"\x1b", "đữ"},
		{"ctrl+u", "ữ"},
	} {
		f.key(keyOf(s.key))
		if got := f.text(); got != s.want {
			t.Fatalf("after %q the field holds %q, want %q", s.key, got, s.want)
		}
	}
	sum := newField("field.fee", "", 10)
	sum.digits = true
	sum.insert("1.2a3 ₫")
	if sum.text() != "123" {
		t.Errorf("a sum of %q", sum.text())
	}
	// A sum that is proposed gives way to another, and is the guard's own once he edits it.
	for _, c := range []struct{ keys, want string }{
		{"3 0", "30"}, {"backspace 7", "257"}, {"home 1", "1250"}, {"x", "250"}, {"x 3", "3"}, {"ctrl+u", ""}, {"up down 4", "4"},
	} {
		proposed := newField("field.fee", "", 10)
		proposed.digits, proposed.presets = true, []string{"250"}
		proposed.key(keyOf("down"))
		for _, k := range strings.Fields(c.keys) {
			proposed.key(keyOf(k))
		}
		if got := proposed.text(); got != c.want {
			t.Errorf("250 is proposed; after %s it is %q, want %q", c.keys, got, c.want)
		}
		proposed.preset = 0
		if !proposed.typed("30 000") || proposed.text() != "30000" {
			t.Errorf("after pasting it is %q", proposed.text())
		}
	}
}

func TestPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	m, _, clock := console(loggedOut(idleView()), 80, 24)
	press(m, clock, "l", "tab", "s", "e", "c", "r", "e", "t")
	frame := ansi.Strip(m.frame())
	if strings.Contains(frame, "secret") || !strings.Contains(frame, "******") {
		t.Errorf("the password is on the screen:\n%s", frame)
	}
	m.paste("pasted")
	if got := string(m.login.fields[1].value); got != "secretpasted" {
		t.Errorf("pasting made %q", got)
	}
}

// The code on the screen is the code, module by module, within 80 × 24 with a
// light border all around; for every kind of terminal.
func TestQRIsDrawnRight(t *testing.T) {
	t.Parallel()
	code, err := qr.Encode(qrPayload, qr.L, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Bounds().Dx()
	for _, p := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256, colorprofile.ANSI, colorprofile.ASCII} {
		th := newTheme(p, true, false)
		lines, err := qrLines(&th, qrPayload)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) > 24 || ansi.StringWidth(lines[0]) > 50 {
			t.Fatalf("the code takes %d × %d cells", ansi.StringWidth(lines[0]), len(lines))
		}
		for y := range size + 2*quiet {
			row := []rune(ansi.Strip(lines[y/2]))
			for x := range size + 2*quiet {
				ink := row[x] == '█' || (row[x] == '▀' && y%2 == 0) || (row[x] == '▄' && y%2 == 1)
				if p == colorprofile.ASCII {
					ink = !ink // the terminal writes light on dark
				}
				inside := image.Pt(x-quiet, y-quiet).In(code.Bounds())
				if want := inside && isDark(code.At(x-quiet, y-quiet)); ink != want {
					t.Fatalf("profile %v: module %d,%d is dark: %v, want %v", p, x-quiet, y-quiet, ink, want)
				}
			}
		}
	}
}

// Pictures are decoded off the loop, once a picture and size, and drawn in
// what the terminal has.
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change []func(*Options)
		want   string
	}{
		{"true colour", nil, "48;2;"},
		{"sixteen colours", []func(*Options){sixteen}, "\x1b[3"},
		{"no colour", []func(*Options){noColour}, "▓"},
		{"ascii", []func(*Options){noColour, asciiOnly}, "###"},
	} {
		v := idleView()
		v.Lanes[0].Picture, v.Lanes[0].PictureN = plateJPEG(320, 180), 1
		v.Lanes[1].Picture, v.Lanes[1].PictureN = []byte("no JPEG"), 1
		m, _, clock := console(v, 80, 24, c.change...)
		run(m, m.wantPictures())
		frame := m.frame()
		checkSize(t, frame, 80, 24)
		if !strings.Contains(frame, c.want) {
			t.Errorf("%s: %q is not drawn:\n%s", c.name, c.want, frame)
		}
		if cmd := m.wantPictures(); cmd != nil {
			if messages := run(m, cmd); len(messages) != 0 {
				t.Errorf("%s: a picture is decoded twice", c.name)
			}
		}
		press(m, clock, "p")
		if !strings.Contains(ansi.Strip(m.frame()), "(p ") {
			t.Errorf("%s: p does not turn pictures off", c.name)
		}
	}
}

func TestAbsurdPicturesAreRefused(t *testing.T) {
	t.Parallel()
	huge := plateJPEG(8, 8)
	at := bytes.Index(huge, []byte{0xff, 0xc0}) // the frame's header: height and width follow
	huge[at+5], huge[at+6], huge[at+7], huge[at+8] = 0xff, 0xff, 0xff, 0xff
	for name, data := range map[string][]byte{"huge": huge, "empty": nil, "cut": plateJPEG(64, 64)[:200]} {
		if _, err := drawPicture(data, pictureKey{w: 30, h: 6}, nil, 0); err == nil {
			t.Errorf("the %s picture is drawn", name)
		}
	}
	for _, size := range [][2]int{{1, 1}, {1, 500}, {500, 1}, {3, 2}} {
		got, err := drawPicture(plateJPEG(size[0], size[1]), pictureKey{w: 30, h: 6, profile: colorprofile.TrueColor}, nil, 0)
		if err != nil || len(got.rows) > 6 {
			t.Errorf("picture of %v: %d rows, %v", size, len(got.rows), err)
		}
	}
}

// The noise of a camera changes nothing on the screen; a vehicle does.
func TestNoiseIsNotDrawn(t *testing.T) {
	t.Parallel()
	key := pictureKey{w: 30, h: 6, profile: colorprofile.TrueColor}
	first, err := drawPicture(flatJPEG(100), key, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for level, same := range map[uint8]bool{88: true, 120: true, 200: false} {
		next, err := drawPicture(flatJPEG(level), key, first.pixels, 0)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(next.rows, first.rows) != same {
			t.Errorf("grey %d after grey 100: drawn as the same: %v, want %v", level, !same, same)
		}
	}
}

// flatJPEG is a picture of one grey.
func flatJPEG(level uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range img.Pix {
		img.Pix[i] = level
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestASCIILocale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  []string
		want bool
	}{
		{nil, false},
		{[]string{"LANG=C"}, true},
		{[]string{"LANG=C", "LC_ALL=vi_VN.UTF-8"}, false},
		{[]string{"LANG=C.UTF-8"}, false},
		{[]string{"LANG=vi_VN.UTF-8", "LC_CTYPE=POSIX"}, true},
	} {
		if got := asciiLocale(c.env); got != c.want {
			t.Errorf("%v: %v, want %v", c.env, got, c.want)
		}
	}
}

// screenBuffer keeps what the program writes to its terminal and tells when
// something has come.
type screenBuffer struct {
	mu   sync.Mutex
	all  bytes.Buffer
	came chan struct{}
}

func (b *screenBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.all.Write(p)
	select {
	case b.came <- struct{}{}:
	default:
	}
	return n, err
}

// wait waits until text has been written.
func (b *screenBuffer) wait(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		found := strings.Contains(ansi.Strip(b.all.String()), text)
		b.mu.Unlock()
		if found {
			return
		}
		select {
		case <-b.came:
		case <-deadline:
			t.Fatalf("%q does not come to the screen", text)
		}
	}
}

// The whole program over a pipe: it draws, follows the desk, and ends with
// its context, leaving nothing behind.
func TestRun(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("charm.land/bubbletea/v2.(*Program).readLoop"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := &fakeDesk{view: idleView(), wake: make(chan struct{}, 1)}
	screen := &screenBuffer{came: make(chan struct{}, 1)}
	input, keys := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, d, Options{Input: input, Output: screen, Env: []string{"TERM=xterm-256color"}, Profile: colorprofile.TrueColor, Width: 80, Height: 24})
	}()
	screen.wait(t, "Bãi xe Trung Tâm")

	d.mu.Lock()
	d.view = offeredIn(idleView())
	d.mu.Unlock()
	d.wake <- struct{}{}
	screen.wait(t, "Cho vào N03")

	if _, err := keys.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	screen.wait(t, "Các phím")
	cancel()
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Run does not end with its context")
	}
}

// What belongs to one exit is one line of the history.
func TestHistoryTellsOfAnExitOnce(t *testing.T) {
	t.Parallel()
	v := idleView()
	stay := subjectID(7)
	v.Recent = []lane.Event{
		{At: fakeNow, Kind: parking.KindBarrierOpened, Gate: "N", Stay: stay},
		{At: fakeNow, Kind: parking.KindVehicleOut, Gate: "N", Stay: stay, Display: "30A-123.45", Amount: 5000},
		{At: fakeNow, Kind: parking.KindPaymentTaken, Gate: "N", Stay: stay, Amount: 5000, Method: parking.QR},
		{At: fakeNow, Kind: parking.KindStarted, Gate: "N"},
		{At: fakeNow, Kind: parking.KindBarrierOpened, Gate: "N", Text: "Xe ưu tiên"},
	}
	m, _, _ := console(v, 80, 24)
	var got []string
	for _, line := range m.events(10) {
		got = append(got, ansi.Strip(line))
	}
	if want := []string{"14:32 RA 30A-123.45 5.000 ₫ VietQR", "14:32 MỞ BARIE Xe ưu tiên"}; !slices.Equal(got, want) {
		t.Errorf("the history says %q, want %q", got, want)
	}
}
