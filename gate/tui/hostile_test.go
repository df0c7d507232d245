package tui

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"pgregory.net/rapid"

	"gatehouse/gate/lane"
	"gatehouse/internal/pty"
)

// fieldsOf are ways to every field that a guard can type into.
var fieldsOf = []struct {
	view func() lane.View
	keys string
}{
	{func() lane.View { return loggedOut(idleView()) }, ""},
	{func() lane.View { return loggedOut(idleView()) }, "tab"},
	{idleView, "/"},
	{idleView, "f"},
	{idleView, "x"},
	{idleView, "d"},
	{idleView, "v"},
	{idleView, "v tab"},
	{idleView, "v tab tab"},
	{idleView, "w"},
	{idleView, "h"},
	{func() lane.View { return offeredIn(idleView()) }, "e"},
	{func() lane.View { return offeredIn(idleView()) }, "s"},
	{func() lane.View { return offeredIn(idleView()) }, "k"},
	{func() lane.View { return matchedOut(idleView()) }, "t"},
	{func() lane.View { return matchedOut(idleView()) }, "m"},
	{func() lane.View { return matchedOut(idleView()) }, "m tab"},
	{func() lane.View { return matchedOut(idleView()) }, "l"},
	{func() lane.View { return unknown(matchedOut(idleView())) }, "l"},
	{func() lane.View { return unknown(matchedOut(idleView())) }, "l tab"},
	{func() lane.View { return cardOut(idleView()) }, "l"},
	{func() lane.View { return matchedOut(idleView()) }, "%"},
	{func() lane.View { return queued(idleView()) }, "r"},
}

// Whatever is typed or pasted into any field, the frame stays whole and the
// field within its bounds.
func TestEveryFieldTakesAnything(t *testing.T) {
	t.Parallel()
	huge := []string{
		strings.Repeat("a", 1<<20), strings.Repeat("漢", 1<<18), strings.Repeat("\u0301", 1<<19), strings.Repeat("\x1b[2J\xff\x00", 1<<17), strings.Repeat("e\u0302\u0301👨‍👩‍👧‍👦", 1<<15),
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(fieldsOf).Draw(t, "field")
		size := rapid.SampledFrom([]Size{{80, 24}, {100, 30}, {160, 50}}).Draw(t, "size")
		m, _, clock := console(c.view(), size.Width, size.Height, func(o *Options) { o.ASCII = rapid.Bool().Draw(t, "ascii") })
		press(m, clock, strings.Fields(c.keys)...)
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			text := rapid.OneOf(anyText(), rapid.SampledFrom(huge)).Draw(t, "text")
			if rapid.Bool().Draw(t, "pasted") {
				m.Update(tea.PasteMsg{Content: text})
			} else {
				for _, r := range []rune(text)[:min(300, len([]rune(text)))] {
					m.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
				}
			}
			checkSize(t, m.frame(), size.Width, size.Height)
			if f := typingIn(m.top()); f != nil && len(f.value) > f.max {
				t.Fatalf("%d letters in a field of %d", len(f.value), f.max)
			}
		}
	})
}

// A megabyte that is pasted is refused with a bell, at once.
func TestPasteOfAMegabyte(t *testing.T) {
	t.Parallel()
	for _, c := range fieldsOf {
		m, _, clock := console(c.view(), 80, 24)
		press(m, clock, strings.Fields(c.keys)...)
		f := typingIn(m.top())
		if m.view.Guard == nil {
			f = m.login.typing()
		}
		if f == nil {
			continue
		}
		was := string(f.value)
		_, cmd := m.Update(tea.PasteMsg{Content: strings.Repeat("7", 1<<20)})
		if !rang(run(m, cmd)) || string(f.value) != was {
			t.Errorf("%s: %q, no bell", c.keys, string(f.value))
		}
		checkSize(t, m.frame(), 80, 24)
	}
}

// What is pasted into the search is looked for, as if it had been typed.
func TestPasteIsLookedFor(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, "/")
	_, cmd := m.Update(tea.PasteMsg{Content: "30A-123.45"})
	run(m, cmd)
	if want := `search "30A-123.45"`; len(d.calls) == 0 || d.calls[len(d.calls)-1] != want {
		t.Errorf("the desk was asked %q, want %s last", d.calls, want)
	}
}

// sieved is what a sieve lets through.
func sieved(t *testing.T, from io.Reader) []byte {
	t.Helper()
	var out []byte
	s, buf := newSieve(from), make([]byte, 512)
	for {
		n, err := s.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			return out
		}
	}
}

func TestSieve(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		in   string
		most int
		end  string
	}{
		"keys":            {"abcđ\x1b[A\x1bOP\x1b[97;1:3u\x1b[2;20R\r", 32, "\r"},
		"paste":           {"\x1b[200~Nguyễn\x1b[31m\x1b[201~z", 40, "\x1b[201~z"},
		"huge paste":      {"\x1b[200~" + long + "\x1b[201~z", longestPaste + 20, "\x1b[201~z"},
		"lying end":       {"\x1b[200~" + strings.Repeat("\x1b[201", 1<<18) + "\x1b[201~z", longestPaste + 20, "\x1b[201~z"},
		"endless string":  {"\x1b]0;" + long + "\x1b\\z", longestSequence + 20, "\x1b\\z"},
		"endless control": {"\x1b[" + strings.Repeat("1;", 1<<19) + "mz", longestSequence + 20, "z"},
	} {
		got := sieved(t, strings.NewReader(c.in))
		if len(got) > c.most || !bytes.HasSuffix(got, []byte(c.end)) || (len(c.in) < 100 && string(got) != c.in) {
			t.Errorf("%s: %d bytes, the last %q", name, len(got), got[max(0, len(got)-20):])
		}
	}
}

// FuzzSieve: what comes in small pieces is let through as it is, in whatever
// parts it is read; nothing is ever added but the end of a paste.
func FuzzSieve(f *testing.F) {
	f.Add([]byte("abc\x1b[200~xyz\x1b[201~\x1b]0;t\x07"))
	f.Add([]byte("\x1b[\x1b[200~\x1b[20\x1b[201~"))
	f.Fuzz(func(t *testing.T, in []byte) {
		whole := sieved(t, bytes.NewReader(in))
		single := sieved(t, iotest.OneByteReader(bytes.NewReader(in)))
		if !bytes.Equal(whole, single) {
			t.Fatalf("read whole %q, byte by byte %q", whole, single)
		}
		if len(in) < longestSequence && !bytes.Equal(whole, in) {
			t.Fatalf("%q became %q", in, whole)
		}
		if len(whole) > len(in) {
			t.Fatalf("%d bytes became %d", len(in), len(whole))
		}
	})
}

// checked is a console each frame of which is looked at.
type checked struct {
	*model
	t *testing.T
}

func (c checked) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := c.model.Update(msg)
	return c, cmd
}

func (c checked) View() tea.View {
	if v := c.model.View(); c.w > 0 && c.h > 0 {
		checkSize(c.t, v.Content, c.w, c.h)
		return v
	}
	return tea.NewView("")
}

// feed gives bytes to a whole program, and new sizes between them.
func feed(t *testing.T, v lane.View, input []byte, sizes []Size) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		d := &fakeDesk{view: v, wake: make(chan struct{}, 1), stays: largeStays()}
		m := newModel(ctx, d, Options{Width: 80, Height: 24, Profile: colorprofile.ANSI256})
		m.line = newLine(io.Discard, time.Now)
		from, keys := io.Pipe()
		program := tea.NewProgram(checked{m, t}, tea.WithContext(ctx), tea.WithEnvironment([]string{"TERM=xterm"}), tea.WithoutSignalHandler(),
			tea.WithInput(newSieve(from)), tea.WithOutput(m.line), tea.WithWindowSize(80, 24), tea.WithoutCatchPanics(), tea.WithColorProfile(colorprofile.ANSI256),
			tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg { // garbage may well ask to leave
				if _, quits := msg.(tea.QuitMsg); quits {
					return nil
				}
				return msg
			}))
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = program.Run() // ends with ctx
		}()
		go func() {
			for _, s := range sizes {
				s = s.Bounded()
				program.Send(tea.WindowSizeMsg{Width: s.Width, Height: s.Height})
				time.Sleep(time.Millisecond)
			}
		}()
		for len(input) > 0 {
			n := min(len(input), 700)
			if _, err := keys.Write(input[:n]); err != nil {
				break
			}
			input = input[n:]
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		cancel()
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
		if err := from.Close(); err != nil {
			t.Error(err)
		}
		<-ended
		m.close()
	})
}

// Random bytes, half escape sequences, broken UTF-8 and a storm of sizes leave
// every frame whole.
func TestGarbage(t *testing.T) {
	parts := []string{"\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b_", "\x1b[200~", "\x1b[201~", "\xff\xfe", "\xe1\xbb", "漢", "\u0301", "đ", "\x1b[<0;1;1M", "\x1b[1;2R", "\x1b[97;5u", "\x1b[?1;2c", "\r", "/", "?", "n", "e", "\x1bOP", "\x1b[8;9999;9999t", "\x1b[48;1;1;1;1t", "\x00"}
	random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's
	for range 3 {
		var input []byte
		for len(input) < 4000 {
			if random.IntN(3) == 0 {
				input = append(input, byte(random.Uint32())) //nolint:gosec // any byte
			} else {
				input = append(input, parts[random.IntN(len(parts))]...)
			}
		}
		var sizes []Size
		for range 50 {
			sizes = append(sizes, Size{random.IntN(300) - 2, random.IntN(100) - 2}, Size{random.IntN(70000), random.IntN(70000)})
		}
		feed(t, matchedOut(offeredIn(largeView())), input, sizes)
	}
}

// A terminal that lies about its size gets a console of a size that can be
// drawn.
func TestTerminalThatLies(t *testing.T) {
	t.Parallel()
	for _, size := range []Size{{0, 0}, {1, 1}, {65535, 65535}, {0, 24}, {80, 1}} {
		far, near, err := pty.Open(size.Width, size.Height)
		if err != nil {
			t.Skipf("no pseudo-terminal: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, &fakeDesk{view: idleView(), wake: make(chan struct{}, 1)}, Options{Input: near, Output: near, Env: []string{"TERM=xterm"}})
		}()
		first := make([]byte, 64)
		if _, err := io.ReadFull(far, first); err != nil {
			t.Errorf("%v: %v", size, err)
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = io.Copy(io.Discard, far) // ends with its other end
		}()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%v: %v", size, err)
		}
		for _, f := range []*os.File{near, far} {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if f == near {
				<-gone
			}
		}
	}
}
