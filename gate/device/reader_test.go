package device_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// rig is a reader with the means to play its device.
type rig struct {
	reader  device.Reader
	send    func(text string) // as the device would send what it has read
	garbage func()            // nil: it cannot
	cut     func()            // the device goes away
	repair  func()            // and comes back
}

// heard collects what a reader brings.
type heard struct {
	taps    chan string
	health  chan error
	garbage chan struct{}
}

func listen(t *testing.T, r device.Reader) *heard {
	t.Helper()
	h := &heard{taps: make(chan string, 100), health: make(chan error, 100), garbage: make(chan struct{}, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Read(ctx, device.Events{
			Tap:     func(s string) { h.taps <- s },
			Health:  func(err error) { put(h.health, err) },
			Garbage: func() { h.garbage <- struct{}{} },
		})
	}()
	t.Cleanup(func() {
		cancel()
		within(t, "the reader ends with its context", ended)
	})
	return h
}

// put keeps the newest when nobody listens: a reader that is away says so at
// each try.
func put(ch chan error, err error) {
	select {
	case ch <- err:
	default:
	}
}

func within[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("waited in vain: %s", what)
		panic("unreachable")
	}
}

// untilHealth waits until the reader says that it is well, or away.
func (h *heard) untilHealth(t *testing.T, well bool) {
	t.Helper()
	for {
		err := within(t, fmt.Sprintf("health %v", well), h.health)
		if err != nil && (parking.ErrorCode(err) != parking.Unavailable || !strings.HasSuffix(err.Error(), ".")) {
			t.Fatalf("away without a sentence: %v", err)
		}
		if (err == nil) == well {
			return
		}
	}
}

// Every reader keeps the same rules; a new driver joins this table.
func TestReadersConform(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, makeRig := range map[string]func(t *testing.T) rig{
		"simulator": simulatorRig, "tcp": tcpRig, "serial": serialRig, "evdev": keyRig,
	} {
		t.Run(name, func(t *testing.T) {
			r := makeRig(t)
			device.RetryAtOnce(r.reader)
			h := listen(t, r.reader)
			h.untilHealth(t, true)
			for _, token := range []string{"0012345678", "A1B2-c3", "GH1.ABCDEFGH234567"} {
				r.send(token)
				if got := within(t, "the tap of "+token, h.taps); got != token {
					t.Fatalf("presented %q, brought %q", token, got)
				}
			}
			if r.garbage != nil {
				r.garbage()
				within(t, "garbage is told of", h.garbage)
				r.send("after")
				if got := within(t, "the tap after garbage", h.taps); got != "after" {
					t.Fatalf("after garbage %q came", got)
				}
			}
			r.cut()
			h.untilHealth(t, false)
			r.repair()
			h.untilHealth(t, true)
			r.send("0099")
			if got := within(t, "the tap after it came back", h.taps); got != "0099" {
				t.Fatalf("after it came back %q came", got)
			}
			if n := len(h.taps); n > 0 {
				t.Errorf("%d taps more than cards", n)
			}
		})
	}
}

func simulatorRig(t *testing.T) rig {
	s := device.NewReaderSimulator()
	send := func(text string) {
		if err := s.Present(t.Context(), text); err != nil {
			t.Error(err)
		}
	}
	return rig{
		reader: s, send: send, garbage: func() { send("12\x0034") },
		cut: func() { s.Break("unplugged") }, repair: func() { s.Break("") },
	}
}

// hostile is what is sent where a number should be.
var hostile = strings.Repeat("7", 1<<20) + "\x00\xff"

func tcpRig(t *testing.T) rig {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	var mu sync.Mutex
	var conn net.Conn
	accepted := make(chan struct{}, 100)
	serve := func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conn = c
			mu.Unlock()
			accepted <- struct{}{}
		}
	}
	go serve(listener)
	write := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Error(err)
		}
	}
	reader, err := device.OpenReader("tcp:" + address)
	if err != nil {
		t.Fatal(err)
	}
	cut := func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		_ = conn.Close()
	}
	t.Cleanup(cut)
	waiting := true
	return rig{
		reader: reader,
		send: func(text string) {
			if waiting {
				within(t, "the gate connects", accepted)
				waiting = false
			}
			write("\x02" + text + "\r\n\x03")
		},
		garbage: func() { write(hostile + "\n") },
		cut:     cut,
		repair: func() {
			if listener, err = net.Listen("tcp", address); err != nil {
				t.Fatal(err)
			}
			waiting = true
			go serve(listener)
		},
	}
}

// serialRig plays a serial line by a pseudo terminal.
func serialRig(t *testing.T) rig {
	link := t.TempDir() + "/ttyTEST0"
	var master *os.File
	plug := func() {
		f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := f.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var n int
		err = raw.Control(func(fd uintptr) {
			if err := unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
				t.Error(err)
			}
			var err error
			if n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(link)
		if err := os.Symlink(fmt.Sprintf("/dev/pts/%d", n), link); err != nil {
			t.Fatal(err)
		}
		master = f
	}
	plug()
	t.Cleanup(func() { _ = master.Close() })
	reader, err := device.OpenReader("serial:" + link + "?baud=19200")
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if _, err := io.WriteString(master, text); err != nil {
			t.Error(err)
		}
	}
	return rig{
		reader: reader, send: func(text string) { write(text + "\r") }, garbage: func() { write("12\x00\x0134\r") },
		cut: func() {
			_ = os.Remove(link)
			_ = master.Close()
		},
		repair: plug,
	}
}

// keyRig plays a grabbed keyboard: a pipe that carries its events.
func keyRig(t *testing.T) rig {
	type end struct {
		r, w *os.File
	}
	ends := make(chan end, 1)
	var current end
	plug := func() {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		current = end{r, w}
		ends <- current
	}
	plug()
	reader := device.NewKeyReaderFrom(func(ctx context.Context) (io.ReadCloser, error) {
		select {
		case e := <-ends:
			return e.r, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		default:
			return nil, os.ErrNotExist
		}
	})
	t.Cleanup(func() { _ = current.w.Close() })
	write := func(b []byte) {
		if _, err := current.w.Write(b); err != nil {
			t.Error(err)
		}
	}
	return rig{
		reader: reader, send: func(text string) { write(typed(text + "\n")) },
		garbage: func() { write(append(press(30), append(press(59), press(28)...)...)) }, // a, F1, Enter
		cut:     func() { _ = current.w.Close() }, repair: plug,
	}
}

// event is an input_event of Linux.
func event(kind, code uint16, value int32) []byte {
	b := make([]byte, 24)
	binary.NativeEndian.PutUint64(b, 1763600000)
	binary.NativeEndian.PutUint16(b[16:], kind)
	binary.NativeEndian.PutUint16(b[18:], code)
	binary.NativeEndian.PutUint32(b[20:], uint32(value))
	return b
}

// press is a key pressed, repeated and let go, with what else keyboards send.
func press(code uint16) []byte {
	var b []byte
	b = append(b, event(4, 4, 0x70000)...) // EV_MSC: the scan code
	b = append(b, event(1, code, 1)...)
	b = append(b, event(0, 0, 0)...) // EV_SYN
	b = append(b, event(1, code, 2)...)
	b = append(b, event(1, code, 0)...)
	return append(b, event(0, 0, 0)...)
}

// typed is text as a wedge types it.
func typed(text string) []byte {
	rows := map[rune]uint16{'\n': 28, '-': 12, '.': 52, '0': 11}
	for i, c := range "123456789" {
		rows[c] = uint16(2 + i)
	}
	for i, c := range "qwertyuiop" {
		rows[c] = uint16(16 + i)
	}
	for i, c := range "asdfghjkl" {
		rows[c] = uint16(30 + i)
	}
	for i, c := range "zxcvbnm" {
		rows[c] = uint16(44 + i)
	}
	var b []byte
	for _, c := range text {
		small := []rune(strings.ToLower(string(c)))[0]
		if small != c {
			b = append(b, event(1, 42, 1)...)
		}
		b = append(b, press(rows[small])...)
		if small != c {
			b = append(b, event(1, 42, 0)...)
		}
	}
	return b
}

func TestLinesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		pause   time.Duration
		pieces  []string
		taps    string
		garbage int
	}{
		{"in pieces", time.Second, []string{"12", "34", "\n"}, "1234", 0},
		{"several at once", 0, []string{"1\n2\r\n3\x03"}, "1 2 3", 0},
		{"empty lines", 0, []string{"\n\r\n\x02\x03  \n"}, "", 0},
		{"framed", 0, []string{"\x0212\r\n\x03\x0234\r\n\x03"}, "12 34", 0},
		{"begun anew", 0, []string{"99\x0212\r"}, "12", 1},
		{"a NUL within", 0, []string{"12\x0034\n56\n"}, "56", 1},
		{"no text", 0, []string{"\xff\xfe\xc3\xa9\n56\n"}, "56", 1},
		{"a disturbance long before", 3 * time.Second, []string{"9", "1234\n"}, "1234", 1},
		{"as long as may be", 0, []string{strings.Repeat("1", device.MaxTap) + "\n"}, strings.Repeat("1", device.MaxTap), 0},
		{"longer", 0, []string{strings.Repeat("1", device.MaxTap+1) + "\n2\n"}, "2", 1},
		{"a megabyte", 0, []string{strings.Repeat("1", 1<<20), strings.Repeat("1", 1<<20) + "\n2\n"}, "2", 1},
	} {
		var taps []string
		garbage := 0
		var pieces [][]byte
		for _, p := range c.pieces {
			pieces = append(pieces, []byte(p))
		}
		device.DecodeLines(c.pause, device.Events{Tap: func(s string) { taps = append(taps, s) }, Garbage: func() { garbage++ }}, pieces...)
		if strings.Join(taps, " ") != c.taps || garbage != c.garbage {
			t.Errorf("%s: taps %q, garbage %d", c.name, taps, garbage)
		}
	}
}

func TestKeysInAnyPieces(t *testing.T) {
	t.Parallel()
	all := typed("GH1.ab-0123456789\n")
	for _, size := range []int{1, 7, 24, 100, len(all)} {
		var pieces [][]byte
		for b := all; len(b) > 0; b = b[min(size, len(b)):] {
			pieces = append(pieces, b[:min(size, len(b))])
		}
		var taps []string
		device.DecodeKeys(device.Events{Tap: func(s string) { taps = append(taps, s) }}, pieces...)
		if len(taps) != 1 || taps[0] != "GH1.ab-0123456789" {
			t.Errorf("in pieces of %d: %q", size, taps)
		}
	}
}

func FuzzReaders(f *testing.F) {
	f.Add([]byte("0012345678\r\n"))
	f.Add([]byte("\x02GH1.ABC\x03\x00\xff1\n"))
	f.Add(typed("12\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		on := device.Events{Tap: func(s string) {
			if s == "" || len(s) > device.MaxTap || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("brought %q", s)
			}
		}}
		device.DecodeLines(0, on, b)
		device.DecodeKeys(on, b)
	})
}

func TestOpenReaderRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"", "sim", "sim:x", "tcp:", "tcp:host", "tcp::5", "tcp:host:0", "tcp:host:99999", "serial:", "serial:ttyS0",
		"serial:/dev/ttyS0?baud=300000", "serial:/dev/ttyS0?baud=x", "serial:/dev/tty\x00", "evdev:", "evdev:event3", "http://x/",
	} {
		if _, err := device.OpenReader(spec); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("OpenReader(%q): %v, want invalid", spec, err)
		}
	}
}

// A keyboard that cannot be grabbed would type cards into the console: it is
// not read at all.
func TestKeysAreReadOnlyWhenGrabbed(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/event0"
	if err := os.WriteFile(file, typed("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := device.OpenReader("evdev:" + file)
	if err != nil {
		t.Fatal(err)
	}
	device.RetryAtOnce(reader)
	h := listen(t, reader)
	for range 3 {
		if err := within(t, "it says that it is away", h.health); err == nil {
			t.Fatal("a device that was not grabbed is said to be well")
		}
	}
	if len(h.taps) > 0 {
		t.Errorf("it was read: %q", <-h.taps)
	}
}
