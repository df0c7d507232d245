// Package tuitest puts a guard before a console: a terminal that he reads, and
// keys that he presses.
package tuitest

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"gatehouse/gate/tui"
	"gatehouse/internal/pty"
)

// Guard is somebody at a console.
type Guard struct {
	*pty.Screen
	t       testing.TB
	keys    *io.PipeWriter
	typing  sync.Mutex
	pressed int
	leave   func()
}

// Sit opens a console of w × h cells upon a desk and puts a guard before it,
// who leaves when the test ends.
func Sit(t testing.TB, desk tui.Desk, w, h int) *Guard {
	t.Helper()
	input, keys := io.Pipe()
	g := &Guard{t: t, keys: keys}
	g.Screen = pty.NewScreen(w, h, (*answers)(g))
	ctx, cancel := context.WithCancel(context.Background()) // ends in Leave
	ended := make(chan error, 1)
	go func() {
		ended <- tui.Run(ctx, desk, tui.Options{
			Input: input, Output: lines{g.Screen}, Width: w, Height: h, Env: []string{"TERM=xterm-256color"}, Profile: colorprofile.ANSI256, Language: "en",
		})
	}()
	g.leave = sync.OnceFunc(func() {
		cancel()
		_ = input.Close() // who still answers is not heard
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(g.leave)
	return g
}

// lines does what the kernel's terminal does: a new line begins at its left.
type lines struct{ to io.Writer }

// Write sends p with its new lines.
func (l lines) Write(p []byte) (int, error) {
	_, err := l.to.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// Leave ends the console; a second time it does nothing.
func (g *Guard) Leave() { g.leave() }

// answers is what the terminal says by itself, between keys.
type answers Guard

// Write sends p to the console.
func (a *answers) Write(p []byte) (int, error) {
	a.typing.Lock()
	defer a.typing.Unlock()
	return a.keys.Write(p)
}

// gap is between two keys that are typed one after the other.
const gap = 120 * time.Millisecond

// Press presses keys one after the other, each a letter or a sequence of a key
// that has none.
func (g *Guard) Press(keys ...string) {
	g.t.Helper()
	for i, k := range keys {
		if i > 0 {
			time.Sleep(gap)
		}
		g.pressed++
		g.typing.Lock()
		_, err := g.keys.Write([]byte(k))
		g.typing.Unlock()
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// Type presses the letters of a text.
func (g *Guard) Type(text string) {
	g.t.Helper()
	g.Press(strings.Split(text, "")...)
}

// Pressed is how many keys were pressed.
func (g *Guard) Pressed() int { return g.pressed }

// Awaits waits until the screen is as done says, at most a minute.
func (g *Guard) Awaits(what string, done func(screen string) bool) {
	g.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done(g.Text()) {
		select {
		case <-tick.C:
		case <-deadline:
			g.t.Fatalf("%s does not come to the screen:\n%s", what, g.Text())
		}
	}
}

// reaction is what a person needs who has waited for something.
const reaction = 400 * time.Millisecond

// Sees waits until all texts are on the screen, and the guard has taken it in.
func (g *Guard) Sees(texts ...string) {
	g.t.Helper()
	for _, text := range texts {
		g.Awaits(text, func(screen string) bool { return strings.Contains(screen, text) })
	}
	time.Sleep(reaction)
}
