// Package pty opens pseudo-terminals for tests, and slows them down.
package pty

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Open opens a pseudo-terminal of w × h cells: far is the end of the person,
// near the one that a program takes for its terminal. Both are to be closed.
func Open(w, h int) (far, near *os.File, err error) {
	far, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	near, err = open(far, w, h)
	if err != nil {
		_ = far.Close()
		return nil, nil, err
	}
	return far, near, nil
}

func open(far *os.File, w, h int) (*os.File, error) {
	n, err := control(far, func(fd int) (int, error) {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return 0, err
		}
		return unix.IoctlGetInt(fd, unix.TIOCGPTN)
	})
	if err != nil {
		return nil, err
	}
	if err := Resize(far, w, h); err != nil {
		return nil, err
	}
	return os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
}

// Resize says what size the terminal claims to have, true or not.
func Resize(far *os.File, w, h int) error {
	_, err := control(far, func(fd int) (int, error) {
		return 0, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w), Row: uint16(h)}) //nolint:gosec // a lie may wrap
	})
	return err
}

// control runs do with the descriptor of f, which stays one that the runtime
// may wait on.
func control(f *os.File, do func(fd int) (int, error)) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	if cerr := raw.Control(func(fd uintptr) { n, err = do(int(fd)) }); cerr != nil { //nolint:gosec // a descriptor
		return 0, cerr
	}
	return n, err
}
