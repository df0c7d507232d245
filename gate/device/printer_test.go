package device_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

var somePaper = device.Paper{
	Title: "Bãi xe", Lines: []string{"Vé gửi xe · Đường số 3, một dòng dài hơn ba mươi hai chữ"}, QR: "GH1.ABC", Large: "ABCD-EFG-HJK",
	Foot: []string{"Giữ vé để lấy xe."},
}

// someBytes is that paper in ESC/POS.
const someBytes = "\x1b@\x1ba\x01\x1d!\x11Bai xe\n\x1d!\x00" +
	"Ve gui xe  Duong so 3, mot dong\ndai hon ba muoi hai chu\n\n" +
	"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x05\x1d(k\x03\x001E1\x1d(k\x0a\x001P0GH1.ABC\x1d(k\x03\x001Q0\n" +
	"\x1d!\x11ABCD-EFG-HJK\n\x1d!\x00Giu ve de lay xe.\n\x1bd\x04\x1dVB\x00"

// Every printer keeps the same rules; a new driver joins this table.
func TestPrintersConform(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan []byte, 10)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			b, _ := io.ReadAll(c) // what came before it broke is compared
			_ = c.Close()
			came <- b
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	file := t.TempDir() + "/lp0"
	simulator := device.NewPrinterSimulator()
	for _, c := range []struct {
		name    string
		printer device.Printer
		printed func() []byte // nil: it prints no bytes
		fail    func()
	}{
		{"simulator", simulator, nil, func() { simulator.Break("no paper") }},
		{"tcp", openPrinter(t, "tcp:"+listener.Addr().String()), func() []byte { return within(t, "the paper", came) }, func() { _ = listener.Close() }},
		{"file", openPrinter(t, "file:"+file), func() []byte {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}, func() {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.printer.Print(t.Context(), somePaper); err != nil {
				t.Fatalf("a working printer refused: %v", err)
			}
			if c.printed != nil {
				if got := c.printed(); !bytes.Equal(got, []byte(someBytes)) {
					t.Errorf("printed %q\nwant    %q", got, someBytes)
				}
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.printer.Print(ended, somePaper); parking.ErrorCode(err) != parking.Unavailable {
				t.Errorf("with an ended context: %v", err)
			}
			c.fail()
			err := c.printer.Print(t.Context(), somePaper)
			if parking.ErrorCode(err) != parking.Unavailable || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("a broken printer: %v", err)
			}
		})
	}
	if papers, total := simulator.Printed(); total != 1 || papers[0].QR != somePaper.QR {
		t.Errorf("the simulator remembers %d papers: %+v", total, papers)
	}
}

func openPrinter(t *testing.T, spec string) device.Printer {
	t.Helper()
	p, err := device.OpenPrinter(spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOpenPrinterRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"", "sim", "tcp:", "tcp:host", "file:", "file:lp0", "serial:/dev/ttyS0", "http://x/"} {
		if _, err := device.OpenPrinter(spec); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("OpenPrinter(%q): %v, want invalid", spec, err)
		}
	}
}
