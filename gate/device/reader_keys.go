package device

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A reader that is a keyboard (a wedge) types what it reads. It is opened as
// an input device of Linux and grabbed, so that not one of its digits is a key
// of the console; one that cannot be grabbed is not read.

// eviocgrab is EVIOCGRAB of linux/input.h.
const eviocgrab = 0x40044590

func newKeyReader(path string) *stream {
	return &stream{
		open:    func(context.Context) (io.ReadCloser, error) { return openKeys(path) },
		away:    "The card reader at " + path + " cannot be used. Look at its cable; it must be readable to the gate and nobody else's.",
		decoder: func() decoder { return &keys{} }, pause: retryPause,
	}
}

func openKeys(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := control(f, func(fd int) error { return unix.IoctlSetInt(fd, eviocgrab, 1) }); err != nil {
		_ = f.Close() // without the grab its digits would be the console's
		return nil, fmt.Errorf("grab %s: %w", path, err)
	}
	return f, nil
}

// inputEvent is struct input_event on 64-bit machines: a time of sixteen
// bytes, type, code, value.
const inputEvent = 24

// Types, values and codes of linux/input-event-codes.h.
const (
	eventKey = 1

	keyUp   = 0
	keyDown = 1 // 2 is auto-repeat, which no reader means

	keyEnter      = 28
	keyKPEnter    = 96
	keyLeftShift  = 42
	keyRightShift = 54
)

// keyLetters are the characters of a US keyboard, which is what wedges
// pretend to be: without and with shift.
var keyLetters = map[uint16][2]byte{
	2: {'1', '!'}, 3: {'2', '@'}, 4: {'3', '#'}, 5: {'4', '$'}, 6: {'5', '%'}, 7: {'6', '^'}, 8: {'7', '&'},
	9: {'8', '*'}, 10: {'9', '('}, 11: {'0', ')'}, 12: {'-', '_'}, 13: {'=', '+'},
	16: {'q', 'Q'}, 17: {'w', 'W'}, 18: {'e', 'E'}, 19: {'r', 'R'}, 20: {'t', 'T'}, 21: {'y', 'Y'}, 22: {'u', 'U'},
	23: {'i', 'I'}, 24: {'o', 'O'}, 25: {'p', 'P'}, 30: {'a', 'A'}, 31: {'s', 'S'}, 32: {'d', 'D'}, 33: {'f', 'F'},
	34: {'g', 'G'}, 35: {'h', 'H'}, 36: {'j', 'J'}, 37: {'k', 'K'}, 38: {'l', 'L'}, 39: {';', ':'}, 44: {'z', 'Z'},
	45: {'x', 'X'}, 46: {'c', 'C'}, 47: {'v', 'V'}, 48: {'b', 'B'}, 49: {'n', 'N'}, 50: {'m', 'M'}, 51: {',', '<'},
	52: {'.', '>'}, 53: {'/', '?'}, 57: {' ', ' '},
	71: {'7', '7'}, 72: {'8', '8'}, 73: {'9', '9'}, 74: {'-', '-'}, 75: {'4', '4'}, 76: {'5', '5'}, 77: {'6', '6'},
	78: {'+', '+'}, 79: {'1', '1'}, 80: {'2', '2'}, 81: {'3', '3'}, 82: {'0', '0'}, 83: {'.', '.'},
}

// keys decodes the events of a keyboard: letters and digits until Enter.
type keys struct {
	part  []byte // of an event that has not come whole
	shift [2]bool
	line  lines
}

func (k *keys) feed(b []byte, now time.Time, on Events) {
	for len(b) > 0 {
		n := min(inputEvent-len(k.part), len(b))
		k.part, b = append(k.part, b[:n]...), b[n:]
		if len(k.part) == inputEvent {
			k.event(k.part, now, on)
			k.part = k.part[:0]
		}
	}
}

func (k *keys) event(e []byte, now time.Time, on Events) {
	if binary.NativeEndian.Uint16(e[16:]) != eventKey {
		return
	}
	code, value := binary.NativeEndian.Uint16(e[18:]), int32(binary.NativeEndian.Uint32(e[20:]))
	switch {
	case code == keyLeftShift:
		k.shift[0] = value != keyUp
	case code == keyRightShift:
		k.shift[1] = value != keyUp
	case value != keyDown:
	case code == keyEnter || code == keyKPEnter:
		k.line.feed([]byte{'\n'}, now, on)
	default:
		letter, known := keyLetters[code]
		c := letter[0]
		if k.shift[0] || k.shift[1] {
			c = letter[1]
		}
		if !known {
			c = 0 // spoils the line: half a number is another's number
		}
		k.line.feed([]byte{c}, now, on)
	}
}
