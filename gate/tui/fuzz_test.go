package tui

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/colorprofile"

	"gatehouse/internal/pty"
)

// FuzzInput sends anything that a terminal may send to a whole console, with a
// vehicle at each lane: it neither falls over nor gets stuck.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{
		" \r", "n30A12345\r", "\x1b[B\x1b[A\t\x1b[200~paste\x1b[201~", "\x1b[?2026;2$y\x1b[24;80R\x1b[1;1R", "/51F\r\x1b", "e\xff\xfe\xc3(\r", "xx\x1b[B\r",
		"\x1b[<0;5;5M\x1b[<0;5;5m", "\x1bOP\x1b[15~\x1b[24~", "\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1bP>|xterm\x1b\\\x1b_Gi=1;OK\x1b\\", "t99999999999999999999\r", "\x1b[200~" + "never ended",
		"\x03", "?\x1b[6~\x1b[5~q", "h500\r\r", "v\t\t\t\r", "wx\r", ",\x1b[B\x1b[C\x1b", "\x1b[57399;1:3u\x1b[97;5u",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<14 {
			return // TestSieve and the hostile tests send more
		}
		synctest.Test(t, func(t *testing.T) {
			d := &fakeDesk{view: matchedOut(offeredIn(idleView())), wake: make(chan struct{}, 1), stays: largeStays()}
			from, keys := io.Pipe()
			screen := pty.NewScreen(80, 24, io.Discard)
			ctx, cancel := context.WithCancel(context.Background()) // ends below
			ended := make(chan error, 1)
			go func() {
				err := Run(ctx, d, Options{Input: from, Output: screen, Env: []string{"TERM=xterm-256color"}, Profile: colorprofile.ANSI256, Width: 80, Height: 24})
				_ = from.CloseWithError(errors.New("the console has ended"))
				ended <- err
			}()
			time.Sleep(time.Second)
			_, _ = keys.Write(input) // a console that was left reads no further
			time.Sleep(2 * time.Second)
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if err := screen.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}
