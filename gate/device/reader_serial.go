package device

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// speeds are the usual ones of serial lines.
var speeds = map[int]uint32{
	1200: unix.B1200, 2400: unix.B2400, 4800: unix.B4800, 9600: unix.B9600, 19200: unix.B19200,
	38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200,
}

func newSerialReader(path string, baud int) *stream {
	return &stream{
		open:    func(context.Context) (io.ReadCloser, error) { return openSerial(path, speeds[baud]) },
		away:    "The card reader at " + path + " does not answer. Look at its cable.",
		decoder: newLines, pause: retryPause,
	}
}

// openSerial opens a serial line: raw, eight bits, no parity, one stop bit.
func openSerial(path string, speed uint32) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	err = control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Iflag, t.Oflag, t.Lflag = unix.IGNPAR, 0, 0
		t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | speed
		t.Ispeed, t.Ospeed = speed, speed
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
			return err
		}
		// What lay in the line before this program was there is no tap of now.
		return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
	})
	if err != nil {
		_ = f.Close() // it is of no use
		return nil, fmt.Errorf("set up %s: %w", path, err)
	}
	return f, nil
}

// control runs do on the file's descriptor without taking it from the poller,
// so that closing still ends a read that waits.
func control(f *os.File, do func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var derr error
	if err := raw.Control(func(fd uintptr) { derr = do(int(fd)) }); err != nil {
		return err
	}
	return derr
}
