package tui

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
)

func kittyTerminal(o *Options) {
	o.Env, o.Profile = append(o.Env, "TERM=xterm-kitty"), colorprofile.TrueColor
}

// kittyConsole is a console on a terminal that has told a version which draws pixels.
func kittyConsole(v lane.View, w, h int, change ...func(*Options)) (*model, *fakeDesk) {
	m, d, _ := console(v, w, h, append([]func(*Options){kittyTerminal}, change...)...)
	m.knows = true
	return m, d
}

// sentTo is what commands write to the terminal themselves.
func sentTo(messages []tea.Msg) string {
	var b strings.Builder
	for _, msg := range messages {
		if raw, is := msg.(tea.RawMsg); is {
			b.WriteString(raw.Msg.(string))
		}
	}
	return b.String()
}

var graphicsCommand = regexp.MustCompile("\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\\\")

// imagesIn puts the pieces of each picture together, by its first piece's options.
func imagesIn(t *testing.T, sent string) map[string][]byte {
	t.Helper()
	out, last := map[string][]byte{}, ""
	for _, c := range graphicsCommand.FindAllStringSubmatch(sent, -1) {
		if strings.Contains(c[1], "a=d") {
			continue
		}
		if strings.Contains(c[1], "a=T") {
			last = c[1]
		}
		if len(c[2]) > 4096 {
			t.Errorf("a piece of %d bytes", len(c[2]))
		}
		out[last] = append(out[last], c[2]...)
	}
	return out
}

// A terminal that knows Kitty's graphics gets a lane's picture once, as PNG in
// pieces, and placeholders in its cells; one that shows the same is not sent again,
// and the one before the last is forgotten.
func TestPicturesAsPixels(t *testing.T) {
	t.Parallel()
	v := idleView()
	v.Lanes[0].Picture, v.Lanes[0].PictureN = plateJPEG(320, 180), 1
	m, _ := kittyConsole(v, 100, 30)
	sent := sentTo(run(m, m.wantPictures()))
	images := imagesIn(t, sent)
	if len(images) != 1 {
		t.Fatalf("%d pictures were sent: %.200q", len(images), sent)
	}
	for options, data := range images {
		for _, want := range []string{"U=1", "q=2", "f=100", "i=18178"} {
			if !strings.Contains(options, want) {
				t.Errorf("%q lacks %s", options, want)
			}
		}
		raw, err := base64.StdEncoding.DecodeString(string(data))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil || img.Bounds().Dx() < 80 || img.Bounds().Dy() < 64 {
			t.Errorf("picture: %v, %v", img, err)
		}
	}
	frame := m.frame()
	checkSize(t, frame, 100, 30)
	if n := strings.Count(frame, "\U0010EEEE"); n < 50 || !strings.Contains(frame, "\x1b[38;2;0;71;2m\U0010EEEE\u0305\u0305\U0010EEEE\u0305\u030D") {
		t.Errorf("%d placeholders in\n%q", n, frame)
	}
	m.view.Lanes[0].PictureN++ // another picture of the same
	if sent := sentTo(run(m, m.wantPictures())); sent != "" {
		t.Errorf("what shows the same is sent again: %.100q", sent)
	}
	m.view.Lanes[0].PictureN++
	decoded := m.wantPictures() // the same once more, and pictures go off and on before it is there
	m.forgetPictures()
	if images := imagesIn(t, sentTo(run(m, decoded))); len(images) != 1 || strings.Count(m.frame(), "\U0010EEEE") < 50 {
		t.Errorf("%d pictures are sent after pictures were off:\n%s", len(images), ansi.Strip(m.frame()))
	}
	for i, grey := range []uint8{20, 120, 220} {
		m.view.Lanes[0].Picture, m.view.Lanes[0].PictureN = flatJPEG(grey), int64(10+i)
		sent = sentTo(run(m, m.wantPictures()))
		if len(imagesIn(t, sent)) != 1 {
			t.Errorf("grey %d: %.100q", grey, sent)
		}
	}
	if !strings.Contains(sent, "a=d,d=I,i=1818") {
		t.Errorf("nothing is forgotten: %.100q", sent)
	}
}

// Photos of the entry are sent in the same way.
func TestPhotosAsPixels(t *testing.T) {
	t.Parallel()
	m, d := kittyConsole(pictured(matchedOut(idleView())), 120, 40)
	d.photos = entryPhotos()
	if images := imagesIn(t, sentTo(run(m, m.wantPhotos()))); len(images) != 2 {
		t.Errorf("%d photos were sent", len(images))
	}
	frame := m.frame()
	checkSize(t, frame, 120, 40)
	if strings.Count(frame, "\U0010EEEE") < 50 {
		t.Errorf("no placeholders:\n%s", ansi.Strip(frame))
	}
}

// Half blocks where the terminal does not know it or is too old for it, stands behind
// another one, has no colours, draws ASCII only, or the guard wants blocks.
func TestPixelsOnlyWhereTheTerminalDrawsThem(t *testing.T) {
	t.Parallel()
	const knows, old = "kitty(0.28.0)", "kitty(0.26.5)"
	term := func(is string) func(*Options) {
		return func(o *Options) {
			o.Env, o.Profile = []string{"TERM=" + is, "KITTY_WINDOW_ID=1"}, colorprofile.TrueColor
		}
	}
	for name, c := range map[string]struct {
		version string // "" for no answer
		pixels  bool
		change  []func(*Options)
	}{
		"kitty":            {knows, true, []func(*Options){kittyTerminal}},
		"kitty of 1.x":     {"kitty(1.0.0)", true, []func(*Options){kittyTerminal}},
		"ghostty":          {"ghostty 1.0.1", true, []func(*Options){term("xterm-ghostty")}},
		"no answer":        {"", false, []func(*Options){kittyTerminal}},
		"too old":          {old, false, []func(*Options){kittyTerminal}},
		"nonsense":         {"kitty(", false, []func(*Options){kittyTerminal}},
		"another terminal": {knows, false, []func(*Options){term("xterm-256color")}},
		"tmux within":      {knows, false, []func(*Options){term("tmux-256color")}},
		"no colours":       {knows, false, []func(*Options){kittyTerminal, noColour}},
		"sixteen colours":  {knows, false, []func(*Options){kittyTerminal, sixteen}},
		"ascii":            {knows, false, []func(*Options){kittyTerminal, asciiOnly}},
		"blocks wanted": {knows, false, []func(*Options){kittyTerminal, func(o *Options) {
			s := o.settings()
			s.Pictures = settings.PicturesBlocks
			o.Settings = &s
		}}},
	} {
		v := idleView()
		v.Lanes[0].Picture, v.Lanes[0].PictureN = plateJPEG(320, 180), 1
		m, _, _ := console(v, 100, 30, c.change...)
		before := sentTo(run(m, m.wantPictures()))
		after := ""
		if c.version != "" {
			_, cmd := m.Update(tea.TerminalVersionMsg{Name: c.version})
			after = sentTo(run(m, cmd))
		}
		if before != "" || (after != "") != c.pixels || strings.Contains(m.frame(), "\U0010EEEE") != c.pixels {
			t.Errorf("%s: pixels are sent: %t before the answer, %t after", name, before != "", after != "")
		}
		checkSize(t, m.frame(), 100, 30)
	}
}
