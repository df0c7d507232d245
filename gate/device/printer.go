package device

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"gatehouse/parking"
)

// Paper is what is printed: a title, lines, a code in the middle, lines
// beneath.
type Paper struct {
	Title string
	Lines []string
	QR    string // "" for none
	Large string // beneath the code, in large letters: what somebody types
	Foot  []string
}

// Printer prints. Print returns nil once the device has taken all of it; its
// error is a parking Error with code Unavailable and a sentence. It is never
// asked twice by itself: half a ticket may have come out already.
type Printer interface {
	Print(ctx context.Context, p Paper) error
}

// printTimeout bounds what a printer may take.
const printTimeout = 5 * time.Second

// OpenPrinter makes the printer that spec names; the device is opened for
// each print:
//
//	sim:                 a simulator
//	tcp:10.0.0.8:9100    an ESC/POS printer on the network
//	file:/dev/usb/lp0    one at a port of this machine, or a file to append to
//
// The error is an Error with code Invalid for a spec that is not understood.
func OpenPrinter(spec string) (Printer, error) {
	kind, rest, colon := strings.Cut(spec, ":")
	switch {
	case kind == "sim" && colon && rest == "":
		return NewPrinterSimulator(), nil
	case kind == "tcp":
		if err := hostPort(rest); err != nil {
			return nil, err
		}
		return tcpPrinter(rest), nil
	case kind == "file" && strings.HasPrefix(rest, "/") && !strings.ContainsRune(rest, 0):
		return &filePrinter{path: rest, free: make(chan struct{}, 1)}, nil
	}
	return nil, parking.Errorf(parking.Invalid,
		"The printer %q is not understood; write sim:, tcp:HOST:PORT or file:/dev/….", redact(spec))
}

// tcpPrinter is an ESC/POS printer on the network.
type tcpPrinter string

// Print sends the paper over a connection of its own.
func (p tcpPrinter) Print(ctx context.Context, paper Paper) error {
	ctx, cancel := context.WithTimeout(ctx, printTimeout)
	defer cancel()
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", string(p))
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The printer at %s does not answer. Look at its cable and its power.", string(p))
	}
	deadline, _ := ctx.Deadline()
	err = conn.SetDeadline(deadline)
	if err == nil {
		_, err = conn.Write(paper.escpos())
	}
	if cerr := conn.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The printer at %s did not take all of it. Look at its paper.", string(p))
	}
	return nil
}

// filePrinter is an ESC/POS printer behind a device file.
type filePrinter struct {
	path string
	free chan struct{} // holds one while it writes
}

// Print appends the paper to the file.
func (p *filePrinter) Print(ctx context.Context, paper Paper) error {
	if ctx.Err() != nil {
		return parking.Errorf(parking.Unavailable, "Nothing was printed: the gate is stopping.")
	}
	// A printer without paper makes the write wait, some for ever: the caller
	// does not, and what waits is one write at most.
	timer := time.NewTimer(printTimeout)
	defer timer.Stop()
	done := make(chan error, 1)
	select {
	case p.free <- struct{}{}:
		go func() {
			defer func() { <-p.free }()
			done <- p.write(paper.escpos())
		}()
	case <-timer.C:
	}
	select {
	case err := <-done:
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil:
			return parking.Errorf(parking.Unavailable, "The printer at %s cannot be written to. Look at its cable and its power.", p.path)
		default:
			return nil
		}
	case <-timer.C:
	}
	return parking.Errorf(parking.Unavailable, "The printer at %s did not take all of it. Look at its paper.", p.path)
}

func (p *filePrinter) write(b []byte) error {
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_ = f.SetWriteDeadline(time.Now().Add(printTimeout)) // a plain file has none and needs none
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// What ESC/POS printers understand.
const (
	escReset  = "\x1b@"
	escCentre = "\x1ba\x01"
	escLarge  = "\x1d!\x11" // twice as wide and high
	escNormal = "\x1d!\x00"
	escCut    = "\x1bd\x04\x1dVB\x00" // four lines on, then cut where there is a knife
)

// paperWidth is how many letters a line has on 58 mm paper, the narrowest.
const paperWidth = 32

// escpos is the paper in the language of receipt printers (ESC/POS). Letters
// are printed as plain ASCII, Vietnamese ones without their marks: which code
// page a printer has is not to be known, and every one prints these.
func (p *Paper) escpos() []byte {
	var b bytes.Buffer
	line := func(s string) {
		s = parking.FoldVietnamese(strings.ReplaceAll(s, "₫", "d"))
		for len(s) > paperWidth {
			at := strings.LastIndexByte(s[:paperWidth+1], ' ')
			if at <= 0 {
				at = paperWidth
			}
			b.WriteString(s[:at] + "\n")
			s = strings.TrimLeft(s[at:], " ")
		}
		b.WriteString(s + "\n")
	}
	b.WriteString(escReset + escCentre)
	if p.Title != "" {
		b.WriteString(escLarge)
		line(p.Title)
		b.WriteString(escNormal)
	}
	for _, s := range p.Lines {
		line(s)
	}
	if p.QR != "" {
		b.WriteString("\n")
		b.Write(escQR(p.QR))
		b.WriteString("\n")
	}
	if p.Large != "" {
		b.WriteString(escLarge)
		line(p.Large)
		b.WriteString(escNormal)
	}
	for _, s := range p.Foot {
		line(s)
	}
	b.WriteString(escCut)
	return b.Bytes()
}

// qrModule is the size of a module in dots: 65 modules, more than a ticket
// has, are then 325 of the 384 dots of 58 mm paper.
const qrModule = 5

// longQR is the longest text that fits into 65 modules. Receipts with the
// longest codes have more: at a size of 4, 81 modules are 324 dots.
const longQR = 419

// escQR prints a QR code (GS ( k): model 2, error correction M.
func escQR(text string) []byte {
	command := func(fn byte, data ...byte) []byte {
		n := len(data) + 2
		return append([]byte{0x1d, '(', 'k', byte(n), byte(n >> 8), '1', fn}, data...)
	}
	out := command(65, '2', 0)
	module := byte(qrModule)
	if len(text) > longQR {
		module--
	}
	out = append(out, command(67, module)...)
	out = append(out, command(69, '1')...)
	out = append(out, command(80, append([]byte{'0'}, text...)...)...)
	return append(out, command(81, '0')...)
}

// PrinterSimulator remembers what was printed, and can be broken.
type PrinterSimulator struct {
	mu     sync.Mutex
	papers []Paper
	total  int
	broken string
}

// NewPrinterSimulator makes a simulator that works.
func NewPrinterSimulator() *PrinterSimulator { return &PrinterSimulator{} }

// Print remembers the paper, or fails while the simulator is broken.
func (s *PrinterSimulator) Print(ctx context.Context, p Paper) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return parking.Errorf(parking.Unavailable, "Nothing was printed: the gate is stopping.")
	}
	if s.broken != "" {
		return parking.Errorf(parking.Unavailable, "The printer does not answer: %s.", s.broken)
	}
	s.total++
	if s.papers = append(s.papers, p); len(s.papers) > maxRemembered {
		s.papers = s.papers[1:]
	}
	return nil
}

// Break makes every print fail for the reason given; "" repairs it.
func (s *PrinterSimulator) Break(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = reason
}

// Printed returns the last papers, oldest first, and how many there were in all.
func (s *PrinterSimulator) Printed() (papers []Paper, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Paper(nil), s.papers...), s.total
}
